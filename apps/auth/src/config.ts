import { ConfigError, type Env, parseEnv, secretFaults, variables } from '@romm-netplay/service-kit';
import { SIGNING_ALGS, type SigningAlg } from '@romm-netplay/token-core';
import { z } from 'zod';

/** Identity providers that can be chosen in IDENTITY_PROVIDERS. */
const IDENTITY_PROVIDERS = ['dev'] as const;
export type IdentityProviderName = (typeof IDENTITY_PROVIDERS)[number];

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
  /** Undefined: the internal endpoints answer 503. */
  readonly internalSecret: string | undefined;
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
  readonly allowedOrigins: readonly string[];
  readonly roomTtlSeconds: number;
  readonly logLevel: string;
}

const SECRETS = [
  'ROMM_SFU_INTERNAL_SECRET',
  'REDIS_URL',
  'DATABASE_URL',
  'KEY_ENCRYPTION_KEY',
  'KEY_ENCRYPTION_KEY_PREVIOUS',
  'ADMIN_API_KEY',
  'ROMM_AUTH_SECRET_KEY',
];
const DAY_SECONDS = 24 * 3600;

const environment = z.object({
  NODE_ENV: z.string().default('development'),
  PORT: variables.port(3100),
  HOST: variables.host,
  AUTH_ISSUER: variables.httpUrl.optional(),
  REDIS_URL: variables.redisUrl.optional(),
  DATA_DIR: z.string().default('data'),
  IDENTITY_PROVIDERS: variables.list.pipe(
    z.array(z.enum(IDENTITY_PROVIDERS, { error: `must list some of: ${IDENTITY_PROVIDERS.join(', ')}` })),
  ),
  ROMM_SFU_INTERNAL_SECRET: variables.secret.optional(),
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
  const values = parseEnv(environment, env, SECRETS);
  const faults = [...ownFaults(values), ...identityFaults(values)];
  if (values.NODE_ENV === 'production') {
    if (values.AUTH_ISSUER === undefined) faults.push("AUTH_ISSUER is required: this instance's public URL.");
    if (values.KEY_ENCRYPTION_KEY === undefined) {
      faults.push(
        'KEY_ENCRYPTION_KEY is required: it seals the signing keys; make one with: openssl rand -hex 32',
      );
    }
    const { ROMM_SFU_INTERNAL_SECRET, ADMIN_API_KEY, ROMM_AUTH_SECRET_KEY } = values;
    faults.push(...secretFaults({ ROMM_SFU_INTERNAL_SECRET, ADMIN_API_KEY, ROMM_AUTH_SECRET_KEY }));
  }
  if (values.ACCEPT_HS256_TOKENS && values.ROMM_AUTH_SECRET_KEY === undefined) {
    faults.push('ACCEPT_HS256_TOKENS needs ROMM_AUTH_SECRET_KEY, the secret that signs those tokens.');
  }
  if (values.KEY_PUBLISH_LEAD_SECONDS >= values.KEY_ROTATION_SECONDS) {
    faults.push('KEY_ROTATION_SECONDS must be more than KEY_PUBLISH_LEAD_SECONDS.');
  }
  if (faults.length > 0) throw new ConfigError(faults);
  return {
    port: values.PORT,
    host: values.HOST,
    issuer: values.AUTH_ISSUER,
    redisUrl: values.REDIS_URL,
    dataDir: values.DATA_DIR,
    identityProviders: values.IDENTITY_PROVIDERS,
    internalSecret: values.ROMM_SFU_INTERNAL_SECRET,
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
    allowedOrigins: values.ALLOWED_ORIGINS,
    roomTtlSeconds: values.ROOM_REGISTRY_TTL_SECONDS,
    logLevel: values.LOG_LEVEL,
  };
}

function identityFaults({ IDENTITY_PROVIDERS: providers, NODE_ENV }: Values): string[] {
  if (providers.length === 0) {
    return ['IDENTITY_PROVIDERS is required, or nobody can sign in; "dev" is for development only.'];
  }
  if (NODE_ENV === 'production' && providers.includes('dev')) {
    return [
      'IDENTITY_PROVIDERS contains "dev", which signs in anybody; it is refused with NODE_ENV=production.',
    ];
  }
  return [];
}

const adminEnvironment = z.object({
  AUTH_URL: variables.httpUrl.default('http://127.0.0.1:3100'),
  ADMIN_API_KEY: variables.secret.optional(),
});

/** What the commands need to talk to a running service. @throws ConfigError */
export const adminEnv = (env: Env = process.env): z.output<typeof adminEnvironment> =>
  parseEnv(adminEnvironment, env, ['ADMIN_API_KEY']);
