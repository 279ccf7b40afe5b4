import type { Peers } from '@romm-netplay/peers';
import { AUTH_ALSO_AT, openApiDocument } from '@romm-netplay/protocol';
import { AUTH_API } from '@romm-netplay/protocol/auth-api';
import {
  type Audit,
  type CloseStack,
  componentLines,
  createApiListener,
  createAudit,
  createCloseStack,
  createLogger,
  createMetrics,
  createMigrationWatch,
  createOutageLog,
  type Lapses,
  listen,
  type Logger,
  type MigrationWatch,
  startMetricsServer,
  whyOf,
} from '@romm-netplay/service-kit';
import {
  followRevocations,
  openRedisState,
  type Revocations,
  type SharedState,
} from '@romm-netplay/shared-state';
import {
  createAssertionVerifier,
  createGuestVerifier,
  createMigrationVerifier,
  createRevocableVerifier,
  createTokenIssuer,
  createTokenVerifier,
  HS256_ISSUER,
  type KeySet,
  MAX_CLOCK_SKEW_SECONDS,
  MIGRATION_FEATURES,
  READ_TOKEN_TTL_SECONDS,
  trustOnly,
} from '@romm-netplay/token-core';
import { ensureFirstAdmin } from '../accounts/first-admin.js';
import { createLoginLimits } from '../accounts/login-limits.js';
import { createAesKeyCipher } from '../adapters/aes-key-cipher.js';
import { DEV_IDENTITY_WARNING } from '../adapters/dev-identity-provider.js';
import { loadEncryptionKey } from '../adapters/file-encryption-key.js';
import { createIdentityProviders } from '../adapters/identity-providers.js';
import { type Database, openDatabase } from '../adapters/sql/database.js';
import { databaseTroubleOf } from '../adapters/sql/trouble.js';
import { createSqlAccountStore } from '../adapters/sql/sql-account-store.js';
import { createSqlHeldIdentityStore } from '../adapters/sql/sql-held-identity-store.js';
import { createSqlKeyStore } from '../adapters/sql/sql-key-store.js';
import { createSqlSessionStore } from '../adapters/sql/sql-session-store.js';
import { followPeers, publishIssuers, registryDeps, visitDeps, watchPeers } from './federation.js';
import { authLapses, followedKeys } from './lapses.js';
import { createLoginAudit } from './login-audit.js';
import { rommChecks } from './romm.js';
import type { AuthConfig } from '../config.js';
import { createHandlers, type HandlersDeps } from '../http/handlers.js';
import { createRefreshCookie } from '../http/refresh-cookie.js';
import { landingDocuments } from '../http/landing-page.js';
import { createPlayPage, PLAY_PATH } from '../http/play-page.js';
import { rommPath } from '../http/romm-path.js';
import { createServerAccess } from '../http/server-access.js';
import { SETUP_DOCUMENTS, SETUP_PATH } from '../http/setup-page.js';
import { translateError } from '../http/translate-error.js';
import { startKeepingKeys } from '../keys/keep-keys.js';
import type { KeyManagementDeps } from '../keys/key-management.js';
import type { KeyStore } from '../keys/key-store.js';
import { createSigningKeys, type SigningKeys } from '../keys/signing-keys.js';
import { startKeepingSessions } from '../sessions/keep-sessions.js';

export interface Auth {
  /** Where it listens, e.g. `http://127.0.0.1:3100`. */
  readonly url: string;
  readonly issuer: string;
  /** The issuer's own keys, for an SFU in the same process. */
  readonly keys: KeySet;
  readonly warnings: readonly string[];
  /** A one-time link that creates the first administrator, for whoever started the service; a secret. */
  readonly setupUrl: string | undefined;
  close(): Promise<void>;
}

export interface ComposeOverrides {
  /**
   * State brought by the caller, who also closes it; otherwise Redis is opened. A function is called when the
   * database is set up.
   */
  readonly state?: SharedState | (() => Promise<SharedState>);
  /** A database brought by the caller, who also closes it; otherwise it is opened. */
  readonly database?: Database;
  /** Where keys are kept, if not in the database. */
  readonly keyStore?: KeyStore;
  readonly log?: Logger;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** The OpenAPI 3.1 document of this service. */
export const openApi = openApiDocument(
  { title: 'RomM netplay auth', version: '0.1.0', playerCookie: 'romm_session' },
  AUTH_API,
);

/** What every part of the service is built with. */
interface Foundation {
  readonly config: AuthConfig;
  readonly issuer: string;
  readonly state: SharedState;
  readonly database: Database;
  readonly closing: CloseStack;
  readonly log: Logger;
  readonly lapses: Lapses;
  readonly audit: Audit;
  readonly watch: MigrationWatch;
  readonly now: () => number;
}

/** Builds the issuer from its configuration and listens. */
export async function composeAuth(config: AuthConfig, overrides: ComposeOverrides = {}): Promise<Auth> {
  const { log = createLogger('auth', config.logLevel), now = Date.now } = overrides;
  const closing = createCloseStack();
  try {
    const server = await listen(config.port, config.host, {
      basePaths: basePathsOf(config),
      trustedProxies: config.trustedProxies,
    });
    closing.defer(() => server.close());
    const issuer = config.issuer ?? `http://localhost:${server.port}`;
    const metrics = createMetrics('auth');
    const audit = createAudit(log);
    const watch = createMigrationWatch(metrics, MIGRATION_FEATURES, audit);
    // First: setting up an embedded database can keep the process for so long that connections count as dead.
    const database = overrides.database ?? (await openSql(config, log, closing));
    const brought = overrides.state ?? (() => openState({ config, log, watch, now, closing }));
    const state = typeof brought === 'function' ? await brought() : brought;
    const lapses = authLapses(log);
    const foundation = { config, issuer, state, database, closing, log, lapses, audit, watch, now };

    const keyManagement = await keyManagementOf(foundation, overrides.keyStore);
    const keys = await keepKeys(foundation, keyManagement);
    const warnings = config.identityProviders.includes('dev') ? [DEV_IDENTITY_WARNING] : [];
    for (const warning of [...warnings, ...config.warnings]) log.warn(warning);
    const publisher = await publishIssuers(foundation);
    const peers = await followPeers(foundation);
    const tokens = tokenDeps(foundation, keys, peers);
    const visits = await visitDeps(foundation, peers, tokens.issuer, keyManagement);
    const deps: HandlersDeps = {
      ...tokens,
      ...playerDeps(foundation, tokens.revocations, visits.onVisitsEnded),
      ...visits,
      peerWatch: watchPeers(foundation, peers, tokens.issuer),
      revocationLog: state.revocations,
      rooms: state.rooms,
      nodes: state.nodes,
      internalSecrets: config.internalSecrets,
      ...registryDeps(foundation, publisher, peers),
      firstUses: state.firstUses,
      peers,
      keys,
      keyManagement,
      jwksMaxAgeSeconds: Math.floor(config.keyPublishLeadSeconds / 3),
      components: {
        checks: { state: () => state.probe(), database: () => database.ping() },
        partChecks: rommChecks(config, log, closing),
        advice: () => state.advice(),
        ...componentLines(lapses),
      },
      warnings,
      onAdminChange: audit,
    };
    const first = config.identityProviders.includes('local')
      ? await ensureFirstAdmin(deps, config.firstAdmin)
      : undefined;
    server.serve(httpListener(foundation, deps));
    if (config.metricsPort !== undefined) {
      const metricsServer = await startMetricsServer(metrics, config.metricsPort, config.metricsHost);
      closing.defer(() => metricsServer.close());
    }
    // Requests end before what they use is closed.
    closing.defer(() => server.close());
    const setupUrl = first && `${issuer}${SETUP_PATH}#${first.setupCode}`;
    return { url: server.url, issuer, keys, warnings, setupUrl, close: () => closing.close() };
  } catch (error) {
    await closing.close();
    throw error;
  }
}

async function keepKeys(
  { closing, audit, log }: Foundation,
  keyManagement: KeyManagementDeps,
): Promise<SigningKeys> {
  const keys = createSigningKeys(keyManagement);
  const keeper = await startKeepingKeys({
    ...keyManagement,
    keys,
    onRotated: (kid) => audit('key.rotated', { kid }),
    ...followedKeys(log),
  });
  closing.defer(() => keeper.close());
  return keys;
}

/** Minting and verifying. */
function tokenDeps(
  { config, issuer, state, closing, lapses, watch, now }: Foundation,
  keys: SigningKeys,
  peers: Peers,
) {
  const revocations = followRevocations({
    log: state.revocations,
    ...lapses({ failing: 'revocations not followed', mended: 'revocations are followed again' }),
  });
  closing.defer(() => revocations.close());
  const own = trustOnly(issuer, keys);
  const verifier = createTokenVerifier({ trustedIssuers: own, audience: issuer, now });
  const guestVerifier = createGuestVerifier(
    createTokenVerifier({ trustedIssuers: (iss) => own(iss) ?? peers.trusted(iss), audience: issuer, now }),
    (iss) => iss === issuer,
  );
  const migrating = createMigrationVerifier(guestVerifier, {
    hs256Secret: config.accept.hs256Secret,
    now,
    onUse: watch,
  });
  return {
    issuer: createTokenIssuer({ issuer, signingKey: () => keys.current(), now }),
    audience: issuer,
    revocations,
    // Neither other instances nor the shared secret speak for sessions here.
    accessVerifier: createRevocableVerifier(verifier, revocations.isRevoked),
    verifier: createRevocableVerifier(migrating, revocations.isRevoked),
    assertions: createAssertionVerifier({ trustedIssuers: peers.trusted, audience: issuer, now }),
    acceptedTypes: ['sfu:read', 'sfu:write', ...(config.accept.sfuType ? (['sfu'] as const) : [])],
    jtis: state.jtis,
  } as const;
}

/** Who players are, and their sessions. */
function playerDeps(
  foundation: Foundation,
  revocations: Pick<Revocations, 'refresh'>,
  onVisitsEnded: () => void,
) {
  const { config, issuer, state, database, closing, log, lapses, audit, now } = foundation;
  const sessions = createSqlSessionStore(database.sql);
  const accounts = createSqlAccountStore(database.sql);
  const heldIdentities = createSqlHeldIdentityStore(database.sql);
  const keeper = startKeepingSessions({
    sessions,
    revocationLog: state.revocations,
    audience: issuer,
    revocations,
    now,
    ...lapses({ failing: 'ended sessions not announced', mended: 'ended sessions are announced again' }),
  });
  closing.defer(() => keeper.close());
  return {
    sessions,
    accounts,
    heldIdentities,
    providers: createIdentityProviders({
      config,
      accounts,
      heldIdentities,
      cache: state.identityCache,
      log,
      lapses,
      now,
    }),
    loginLimits: createLoginLimits((rule) => state.limiter(rule)),
    refreshCookie: createRefreshCookie(issuer, config.refreshCookieSameSite),
    now,
    onEnded: () => {
      keeper.announce();
      onVisitsEnded();
    },
    onLogin: createLoginAudit(audit),
    onReuse: ({ id, sub }: { id: string; sub: string }) => audit('refresh_token.reused', { sid: id, sub }),
  };
}

/** An issuer below a path is reached there: the proxy need not take the path away. */
function basePathsOf({ issuer }: AuthConfig): string[] {
  const path = issuer === undefined ? '/' : new URL(issuer).pathname;
  return path === '/' ? [] : [path];
}

function httpListener({ config, issuer, log }: Foundation, deps: HandlersDeps) {
  const page = { identityProviders: config.identityProviders, rommPath: rommPath(issuer) };
  return createApiListener({
    api: AUTH_API,
    handlers: createHandlers(deps),
    documents: { ...landingDocuments(page), ...SETUP_DOCUMENTS },
    alsoAt: AUTH_ALSO_AT,
    mounts: { [PLAY_PATH]: createPlayPage({ nodes: deps.nodes, ...page }) },
    openApi,
    translate: translateError,
    authorize: createServerAccess({ ...config, ...deps }),
    trustedProxies: config.trustedProxies,
    allowedOrigins: config.allowedOrigins,
    log,
    hot: ['verifyToken'],
  });
}

async function openState({
  config,
  log,
  watch,
  now,
  closing,
}: Pick<Foundation, 'config' | 'log' | 'watch' | 'now' | 'closing'>): Promise<SharedState> {
  if (config.redisUrl === undefined) throw new TypeError('Without a redisUrl, bring the state.');
  const state = await openRedisState({
    url: config.redisUrl,
    now,
    roomTtlMs: config.roomTtlSeconds * 1000,
    ...(config.accept.oldMarkers && {
      onOldMarker: (_jti, sub) => watch('old-marker', { iss: HS256_ISSUER, sub }),
    }),
    ...createOutageLog(log, 'Redis'),
  });
  closing.defer(() => state.close());
  return state;
}

async function openSql(config: AuthConfig, log: Logger, closing: CloseStack): Promise<Database> {
  const database = await openDatabase({
    url: config.databaseUrl,
    dataDir: config.dataDir,
    onWaiting: (error) =>
      log.warn({ reason: databaseTroubleOf(error)?.message ?? String(error) }, 'waiting for the database'),
    // Whether the database is away is found by using it; a pool has many connections to lose.
    onError: (error) => log.debug(whyOf(error), 'database connection'),
  });
  closing.defer(() => database.close());
  return database;
}

/** Clocks of replicas may differ by this much without a token being refused. */
const CLOCK_DIFFERENCE_SECONDS = 30;

async function keyManagementOf(
  { config, database, now }: Foundation,
  store: KeyStore = createSqlKeyStore(database.sql),
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
