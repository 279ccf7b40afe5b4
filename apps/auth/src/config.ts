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
  /** Where the signing key is kept. */
  readonly dataDir: string;
  readonly identityProviders: readonly IdentityProviderName[];
  /** Undefined: the internal endpoints answer 503. */
  readonly internalSecret: string | undefined;
  readonly signingAlg: SigningAlg;
  readonly allowedOrigins: readonly string[];
  readonly roomTtlSeconds: number;
  readonly logLevel: string;
}

const SECRETS = ['ROMM_SFU_INTERNAL_SECRET', 'REDIS_URL'];

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
  ALLOWED_ORIGINS: variables.origins,
  ROOM_REGISTRY_TTL_SECONDS: variables.seconds(60, 3600),
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
    faults.push(...secretFaults({ ROMM_SFU_INTERNAL_SECRET: values.ROMM_SFU_INTERNAL_SECRET }));
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
