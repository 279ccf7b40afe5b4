import { openApiDocument } from '@romm-netplay/protocol';
import { AUTH_API } from '@romm-netplay/protocol/auth-api';
import {
  type CloseStack,
  createApiListener,
  createAudit,
  createCloseStack,
  createLogger,
  createMetrics,
  createMigrationWatch,
  listen,
  type Logger,
  type MigrationWatch,
  startMetricsServer,
} from '@romm-netplay/service-kit';
import { openRedisState, type SharedState } from '@romm-netplay/shared-state';
import {
  createMigrationVerifier,
  createTokenIssuer,
  createTokenVerifier,
  MAX_CLOCK_SKEW_SECONDS,
  HS256_ISSUER,
  type KeySet,
  MIGRATION_FEATURES,
  READ_TOKEN_TTL_SECONDS,
  trustOnly,
} from '@romm-netplay/token-core';
import { createDevIdentityProvider, DEV_IDENTITY_WARNING } from './adapters/dev-identity-provider.js';
import { createAesKeyCipher } from './adapters/aes-key-cipher.js';
import { loadEncryptionKey } from './adapters/file-encryption-key.js';
import { openDatabase } from './adapters/sql/database.js';
import { createSqlKeyStore } from './adapters/sql/sql-key-store.js';
import type { AuthConfig, IdentityProviderName } from './config.js';
import { createHandlers } from './http/handlers.js';
import { createServerAccess } from './http/server-access.js';
import { translateError } from './http/translate-error.js';
import { startKeepingKeys } from './keys/keep-keys.js';
import type { KeyManagementDeps } from './keys/key-management.js';
import type { KeyStore } from './keys/key-store.js';
import { createSigningKeys } from './keys/signing-keys.js';
import type { IdentityProvider } from './ports.js';

export interface Auth {
  /** Where it listens, e.g. `http://127.0.0.1:3100`. */
  readonly url: string;
  readonly issuer: string;
  /** The issuer's own keys, for an SFU in the same process. */
  readonly keys: KeySet;
  readonly warnings: readonly string[];
  close(): Promise<void>;
}

export interface ComposeOverrides {
  /** State brought by the caller, who also closes it; otherwise Redis is opened. */
  readonly state?: SharedState;
  /** Where keys are kept; otherwise the database is opened. */
  readonly keyStore?: KeyStore;
  readonly log?: Logger;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

const PROVIDERS: Record<IdentityProviderName, () => IdentityProvider> = { dev: createDevIdentityProvider };

/** The OpenAPI 3.1 document of this service. */
export const openApi = openApiDocument('RomM netplay auth', '0.1.0', AUTH_API);

/** Builds the issuer from its configuration and listens. */
export async function composeAuth(config: AuthConfig, overrides: ComposeOverrides = {}): Promise<Auth> {
  const { log = createLogger('auth', config.logLevel), now = Date.now } = overrides;
  const closing = createCloseStack();
  try {
    const server = await listen(config.port, config.host);
    closing.defer(() => server.close());
    const issuer = config.issuer ?? `http://localhost:${server.port}`;
    const metrics = createMetrics('auth');
    const audit = createAudit(log);
    const watch = createMigrationWatch(metrics, MIGRATION_FEATURES, audit);
    const state = overrides.state ?? (await openState(config, log, watch));
    if (overrides.state === undefined) closing.defer(() => state.close());
    const { store, checks } = await openKeyStore(config, overrides, closing, log);
    const keyManagement = await keyManagementOf(config, store, now);
    const keys = createSigningKeys(keyManagement);
    const keeper = await startKeepingKeys({
      ...keyManagement,
      keys,
      onRotated: (kid) => audit('key.rotated', { kid }),
      onError: (error) => log.error({ err: error }, 'signing keys not followed'),
    });
    closing.defer(() => keeper.close());
    const warnings = config.identityProviders.includes('dev') ? [DEV_IDENTITY_WARNING] : [];
    for (const warning of warnings) log.warn(warning);

    const handlers = createHandlers({
      providers: config.identityProviders.map((name) => PROVIDERS[name]()),
      issuer: createTokenIssuer({ issuer, signingKey: () => keys.current(), now }),
      verifier: createMigrationVerifier(
        createTokenVerifier({ trustedIssuers: trustOnly(issuer, keys), audience: issuer, now }),
        { hs256Secret: config.accept.hs256Secret, now, onUse: watch },
      ),
      acceptedTypes: ['sfu:read', 'sfu:write', ...(config.accept.sfuType ? (['sfu'] as const) : [])],
      jtis: state.jtis,
      rooms: state.rooms,
      audience: issuer,
      now,
      keys,
      keyManagement,
      jwksMaxAgeSeconds: Math.floor(config.keyPublishLeadSeconds / 3),
      checks: { state: () => state.ping(), ...checks },
      warnings,
      onAdminChange: audit,
      onComponentDown: (component, error) => log.error({ component, err: error }, 'component is down'),
    });
    server.serve(
      createApiListener({
        api: AUTH_API,
        handlers,
        openApi,
        translate: translateError,
        authorize: createServerAccess(config),
        allowedOrigins: config.allowedOrigins,
        log,
        hot: ['verifyToken'],
      }),
    );
    if (config.metricsPort !== undefined) {
      const metricsServer = await startMetricsServer(metrics, config.metricsPort, config.host);
      closing.defer(() => metricsServer.close());
    }
    // Requests end before what they use is closed.
    closing.defer(() => server.close());
    return { url: server.url, issuer, keys, warnings, close: () => closing.close() };
  } catch (error) {
    await closing.close();
    throw error;
  }
}

function openState(config: AuthConfig, log: Logger, watch: MigrationWatch): Promise<SharedState> {
  if (config.redisUrl === undefined) throw new TypeError('Without a redisUrl, bring the state.');
  return openRedisState({
    url: config.redisUrl,
    roomTtlMs: config.roomTtlSeconds * 1000,
    ...(config.accept.oldMarkers && {
      onOldMarker: (_jti, sub) => watch('old-marker', { iss: HS256_ISSUER, sub }),
    }),
    onError: (error) => log.error({ err: error }, 'Redis connection'),
  });
}

async function openKeyStore(
  config: AuthConfig,
  { keyStore }: ComposeOverrides,
  closing: CloseStack,
  log: Logger,
) {
  if (keyStore !== undefined) return { store: keyStore, checks: {} };
  const database = await openDatabase({
    url: config.databaseUrl,
    dataDir: config.dataDir,
    onError: (error) => log.error({ err: error }, 'database connection'),
  });
  closing.defer(() => database.close());
  return { store: createSqlKeyStore(database.sql), checks: { database: () => database.ping() } };
}

/** Clocks of replicas may differ by this much without a token being refused. */
const CLOCK_DIFFERENCE_SECONDS = 30;

async function keyManagementOf(
  config: AuthConfig,
  store: KeyStore,
  now: () => number,
): Promise<KeyManagementDeps> {
  const { keyEncryptionKeys, dataDir, signingAlg, rsaBits, keyRotationSeconds, keyPublishLeadSeconds } =
    config;
  const encryptionKeys =
    keyEncryptionKeys.length > 0 ? keyEncryptionKeys : [await loadEncryptionKey(dataDir)];
  const retainSeconds = READ_TOKEN_TTL_SECONDS + MAX_CLOCK_SKEW_SECONDS + CLOCK_DIFFERENCE_SECONDS;
  return {
    store,
    cipher: createAesKeyCipher(encryptionKeys),
    policy: {
      rotationIntervalMs: keyRotationSeconds * 1000,
      publishLeadMs: keyPublishLeadSeconds * 1000,
      retainMs: retainSeconds * 1000,
    },
    alg: signingAlg,
    rsaBits,
    now,
  };
}
