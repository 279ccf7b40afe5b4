import { username } from '@romm-netplay/protocol/auth-api';
import { type Env, envWarnings, parseEnv, secretFaults, variables } from '@romm-netplay/service-kit';
import { SIGNING_ALGS, type SigningAlg } from '@romm-netplay/token-core';
import { z } from 'zod';

/** Identity providers that can be chosen in IDENTITY_PROVIDERS. */
const IDENTITY_PROVIDERS = ['romm', 'local', 'dev'] as const;
export type IdentityProviderName = (typeof IDENTITY_PROVIDERS)[number];

const SAME_SITE = ['strict', 'lax', 'none'] as const;

export interface AuthConfig {
  readonly port: number;
  readonly host: string;
  /** This instance's public URL, without a trailing slash: `iss` and `aud` of its tokens. Undefined: localhost. */
  readonly issuer: string | undefined;
  /** Undefined: the caller of compose brings the state (standalone). */
  readonly redisUrl: string | undefined;
  /** Where the embedded database is kept. */
  readonly dataDir: string;
  readonly identityProviders: readonly IdentityProviderName[];
  /** Where auth reaches RomM; undefined unless the provider "romm" is on. */
  readonly rommBaseUrl: string | undefined;
  /** Created at the start of an instance without an administrator; undefined: a one-time link is printed. */
  readonly firstAdmin: { readonly username: string; readonly password: string } | undefined;
  readonly refreshCookieSameSite: (typeof SAME_SITE)[number];
  /** Addresses or CIDRs whose X-Forwarded-For is believed. */
  readonly trustedProxies: readonly string[];
  /** Undefined: the internal endpoints answer 503. */
  readonly internalSecret: string | undefined;
  /** Of nodes that have one of their own, by node id. */
  readonly internalSecrets: Readonly<Record<string, string>>;
  readonly signingAlg: SigningAlg;
  readonly rsaBits: number;
  /** postgres:// URL; undefined: PGlite under `dataDir`. */
  readonly databaseUrl: string | undefined;
  /** The first seals private keys, the others still open them; empty: a key kept under `dataDir`. */
  readonly keyEncryptionKeys: readonly Buffer[];
  readonly keyRotationSeconds: number;
  /** How long a key is published before it signs; verifiers may cache the set for two thirds of it. */
  readonly keyPublishLeadSeconds: number;
  /** Undefined: the admin endpoints answer 503. */
  readonly adminApiKey: string | undefined;
  /** Older formats that still verify while clients are being moved (P1.5); all off by default. */
  readonly accept: {
    readonly hs256Secret: string | undefined;
    readonly sfuType: boolean;
    readonly oldMarkers: boolean;
  };
  /** Undefined: no metrics are served. */
  readonly metricsPort: number | undefined;
  readonly metricsHost: string;
  readonly allowedOrigins: readonly string[];
  readonly roomTtlSeconds: number;
  readonly logLevel: string;
  /** What is probably not meant so, for the log. */
  readonly warnings: readonly string[];
}

const SECRETS = [
  'ROMM_SFU_INTERNAL_SECRET',
  'ROMM_SFU_INTERNAL_SECRETS',
  'REDIS_URL',
  'DATABASE_URL',
  'KEY_ENCRYPTION_KEY',
  'KEY_ENCRYPTION_KEY_PREVIOUS',
  'ADMIN_API_KEY',
  'ROMM_AUTH_SECRET_KEY',
  'LOCAL_ADMIN_PASSWORD',
];
const DAY_SECONDS = 24 * 3600;

/** `node-a=secret node-b=secret`; a node id has no "=" in it here. */
const secretsOfNodes = z
  .string()
  .max(64 * 1024)
  .transform((value) => value.split(/[\s,]+/).filter(Boolean))
  .pipe(
    z.array(
      z
        .string()
        .regex(/^[^=]{1,255}=.{1,1024}$/, 'must list node ids with their secrets, like node-a=secret'),
    ),
  )
  .transform((entries) => Object.fromEntries(entries.map(splitAtEquals)))
  .default({});

/** A secret may end with "=". */
function splitAtEquals(entry: string): [string, string] {
  const at = entry.indexOf('=');
  return [entry.slice(0, at), entry.slice(at + 1)];
}

const environment = z.object({
  NODE_ENV: variables.nodeEnv,
  PORT: variables.port(3100),
  HOST: variables.host,
  AUTH_ISSUER: variables.httpUrl.optional(),
  REDIS_URL: variables.redisUrl.optional(),
  DATA_DIR: z.string().default('data'),
  IDENTITY_PROVIDERS: variables.list.pipe(
    z.array(z.enum(IDENTITY_PROVIDERS, { error: `must list some of: ${IDENTITY_PROVIDERS.join(', ')}` })),
  ),
  ROMM_BASE_URL: variables.httpUrl.optional(),
  LOCAL_ADMIN_USERNAME: username.optional(),
  LOCAL_ADMIN_PASSWORD: variables.secret.min(10, 'must have at least 10 characters').optional(),
  REFRESH_COOKIE_SAME_SITE: z.enum(SAME_SITE, { error: `must be ${SAME_SITE.join(', ')}` }).default('strict'),
  TRUSTED_PROXIES: variables.trustedProxies,
  ROMM_SFU_INTERNAL_SECRET: variables.secret.optional(),
  ROMM_SFU_INTERNAL_SECRETS: secretsOfNodes,
  SIGNING_ALG: z.enum(SIGNING_ALGS, { error: `must be one of: ${SIGNING_ALGS.join(', ')}` }).default('RS256'),
  SIGNING_RSA_BITS: z
    .enum(['2048', '3072', '4096'], { error: 'must be 2048, 3072 or 4096' })
    .default('2048')
    .transform(Number),
  DATABASE_URL: z
    .url({ protocol: /^postgres(ql)?$/, error: 'must look like postgres://user@host/database' })
    .optional(),
  KEY_ENCRYPTION_KEY: variables.key256.optional(),
  KEY_ENCRYPTION_KEY_PREVIOUS: variables.key256.optional(),
  KEY_ROTATION_SECONDS: variables.seconds(30 * DAY_SECONDS, 3650 * DAY_SECONDS, 2),
  KEY_PUBLISH_LEAD_SECONDS: variables.seconds(900, DAY_SECONDS, 1),
  ADMIN_API_KEY: variables.secret.optional(),
  ROMM_AUTH_SECRET_KEY: variables.secret.optional(),
  ACCEPT_HS256_TOKENS: variables.flag,
  ACCEPT_SFU_TYPE: variables.flag,
  ACCEPT_OLD_MARKERS: variables.flag,
  METRICS_PORT: variables.optionalPort,
  METRICS_HOST: variables.innerHost,
  ALLOWED_ORIGINS: variables.origins,
  ROOM_REGISTRY_TTL_SECONDS: variables.seconds(60, 3600, 2),
  LOG_LEVEL: variables.logLevel('info'),
});

type Values = z.output<typeof environment>;

/** The only reader of the environment. @throws ConfigError with every fault at once */
export function parseConfig(env: Env = process.env): AuthConfig {
  return parse(env, ({ REDIS_URL }) =>
    REDIS_URL === undefined
      ? ['REDIS_URL is required: auth and the SFU nodes share one Redis. Without Redis, run apps/standalone.']
      : [],
  );
}

/** The same for a process that brings the shared state (standalone). */
export const parseEmbeddedConfig = (env: Env): AuthConfig => parse(env, () => []);

function parse(env: Env, ownFaults: (values: Values) => string[]): AuthConfig {
  const values = parseEnv(environment, env, SECRETS, (read) => [
    ...ownFaults(read),
    ...identityFaults(read),
    ...productionFaults(read),
    ...togetherFaults(read),
  ]);
  return {
    port: values.PORT,
    host: values.HOST,
    issuer: values.AUTH_ISSUER,
    redisUrl: values.REDIS_URL,
    dataDir: values.DATA_DIR,
    identityProviders: values.IDENTITY_PROVIDERS,
    rommBaseUrl: values.ROMM_BASE_URL,
    firstAdmin: firstAdminOf(values),
    refreshCookieSameSite: values.REFRESH_COOKIE_SAME_SITE,
    trustedProxies: values.TRUSTED_PROXIES,
    internalSecret: values.ROMM_SFU_INTERNAL_SECRET,
    internalSecrets: values.ROMM_SFU_INTERNAL_SECRETS,
    signingAlg: values.SIGNING_ALG,
    rsaBits: values.SIGNING_RSA_BITS,
    databaseUrl: values.DATABASE_URL,
    keyEncryptionKeys: [values.KEY_ENCRYPTION_KEY, values.KEY_ENCRYPTION_KEY_PREVIOUS].filter(
      (key) => key !== undefined,
    ),
    keyRotationSeconds: values.KEY_ROTATION_SECONDS,
    keyPublishLeadSeconds: values.KEY_PUBLISH_LEAD_SECONDS,
    adminApiKey: values.ADMIN_API_KEY,
    accept: {
      hs256Secret: values.ACCEPT_HS256_TOKENS ? values.ROMM_AUTH_SECRET_KEY : undefined,
      sfuType: values.ACCEPT_SFU_TYPE,
      oldMarkers: values.ACCEPT_OLD_MARKERS,
    },
    metricsPort: values.METRICS_PORT,
    metricsHost: values.METRICS_HOST,
    allowedOrigins: values.ALLOWED_ORIGINS,
    roomTtlSeconds: values.ROOM_REGISTRY_TTL_SECONDS,
    logLevel: values.LOG_LEVEL,
    warnings: warningsOf(env, values),
  };
}

function warningsOf(env: Env, { NODE_ENV, AUTH_ISSUER }: Values): string[] {
  const known = [...Object.keys(environment.shape), ...Object.keys(adminEnvironment.shape)];
  const urls = NODE_ENV === 'production' ? { AUTH_ISSUER } : {};
  return envWarnings(env, { known, secrets: SECRETS, urls });
}

function productionFaults(values: Values): string[] {
  if (values.NODE_ENV !== 'production') return [];
  const { ROMM_SFU_INTERNAL_SECRET, ADMIN_API_KEY, ROMM_AUTH_SECRET_KEY, LOCAL_ADMIN_PASSWORD } = values;
  return [
    ...(values.AUTH_ISSUER === undefined ? ["AUTH_ISSUER is required: this instance's public URL."] : []),
    ...(values.KEY_ENCRYPTION_KEY === undefined
      ? ['KEY_ENCRYPTION_KEY is required: it seals the signing keys; make one with: openssl rand -hex 32']
      : []),
    ...secretFaults({
      ...namedByNode(values.ROMM_SFU_INTERNAL_SECRETS),
      ROMM_SFU_INTERNAL_SECRET,
      ADMIN_API_KEY,
      ROMM_AUTH_SECRET_KEY,
      LOCAL_ADMIN_PASSWORD,
    }),
  ];
}

const namedByNode = (secrets: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(
    // By its place: where the "=" was forgotten, a part of the secret stands for the name.
    Object.values(secrets).map((secret, index) => [`ROMM_SFU_INTERNAL_SECRETS (entry ${index + 1})`, secret]),
  );

/** Of variables that go together. */
function togetherFaults(values: Values): string[] {
  const faults: string[] = [];
  if (values.ACCEPT_HS256_TOKENS && values.ROMM_AUTH_SECRET_KEY === undefined) {
    faults.push('ACCEPT_HS256_TOKENS needs ROMM_AUTH_SECRET_KEY, the secret that signs those tokens.');
  }
  if (values.REFRESH_COOKIE_SAME_SITE === 'none' && values.AUTH_ISSUER?.startsWith('https:') !== true) {
    faults.push(
      'REFRESH_COOKIE_SAME_SITE=none needs an AUTH_ISSUER with https: browsers refuse it otherwise.',
    );
  }
  if (values.KEY_PUBLISH_LEAD_SECONDS >= values.KEY_ROTATION_SECONDS) {
    faults.push('KEY_ROTATION_SECONDS must be more than KEY_PUBLISH_LEAD_SECONDS.');
  }
  return faults;
}

function identityFaults(values: Values): string[] {
  const { IDENTITY_PROVIDERS: providers, NODE_ENV, ROMM_BASE_URL } = values;
  const faults: string[] = [];
  if (providers.length === 0) {
    faults.push(
      'IDENTITY_PROVIDERS is required, or nobody can sign in: romm, local; "dev" is for development only.',
    );
  }
  if (NODE_ENV === 'production' && providers.includes('dev')) {
    faults.push(
      'IDENTITY_PROVIDERS contains "dev", which signs in anybody; it is refused with NODE_ENV=production.',
    );
  }
  if (providers.includes('romm') && ROMM_BASE_URL === undefined) {
    faults.push('ROMM_BASE_URL is required by the identity provider "romm": where auth reaches RomM.');
  }
  if ((values.LOCAL_ADMIN_USERNAME === undefined) !== (values.LOCAL_ADMIN_PASSWORD === undefined)) {
    faults.push('LOCAL_ADMIN_USERNAME and LOCAL_ADMIN_PASSWORD go together.');
  }
  if (values.LOCAL_ADMIN_USERNAME !== undefined && !providers.includes('local')) {
    faults.push('LOCAL_ADMIN_USERNAME needs "local" in IDENTITY_PROVIDERS.');
  }
  return faults;
}

function firstAdminOf({ LOCAL_ADMIN_USERNAME: username, LOCAL_ADMIN_PASSWORD: password }: Values) {
  return username === undefined || password === undefined ? undefined : { username, password };
}

const adminEnvironment = z.object({
  AUTH_URL: variables.httpUrl.default('http://127.0.0.1:3100'),
  ADMIN_API_KEY: variables.secret.optional(),
});

/** What the commands need to talk to a running service. @throws ConfigError */
export const adminEnv = (env: Env = process.env): z.output<typeof adminEnvironment> =>
  parseEnv(adminEnvironment, env, ['ADMIN_API_KEY']);
