import { randomBytes, randomInt } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { diagnose } from '@romm-netplay/doctor';
import { openApiDocument } from '@romm-netplay/protocol';
import { AUTH_API } from '@romm-netplay/protocol/auth-api';
import { SFU_API } from '@romm-netplay/protocol/sfu-api';
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
import { followRevocations, type NodeRegistry, type SharedState } from '@romm-netplay/shared-state';
import { createRemoteKeySet, HS256_ISSUER, type KeySet, MIGRATION_FEATURES } from '@romm-netplay/token-core';
import {
  type SharedServices,
  servicesOverAuth,
  servicesOverRedis,
  servicesOverState,
} from '../adapters/shared-services.js';
import { type Guests, openGuests, unlessUnread } from './guests.js';
import { joinNodes, takeOverFrom } from './nodes.js';
import { openSockets } from './sockets.js';
import { judgeTokens } from './tokens.js';
import type { SfuConfig } from '../config.js';
import { createNodeExamination } from '../doctor/examine-node.js';
import { legacyError } from '../http/legacy-error.js';
import { createHandlers, type HandlersDeps } from '../http/handlers.js';
import { createServerAccess } from '../http/server-access.js';
import { translateError } from '../signaling/http-refusal.js';
import { iceServersFor, iceWarnings } from '../ice/ice-servers.js';
import { endSession } from '../rooms/end-session.js';
import { expirePlaces } from '../rooms/expire-places.js';
import { createPasswordCheck } from '../rooms/password.js';
import { createRoomDirectory, type RoomDirectory } from '../rooms/room-directory.js';
import type { RequestHandlersDeps } from '../signaling/request-handlers.js';
import { createOpenSockets, type OpenSockets } from '../players/open-sockets.js';
import { DEV_IDENTITY_WARNING } from '../tokens/dev-identity.js';
import type { IdentifyDeps } from '../tokens/identify.js';
import type { SocketLimits } from '../ws/limits.js';

export interface Sfu {
  /** Where it listens, e.g. `http://127.0.0.1:3001`. */
  readonly url: string;
  readonly connections: number;
  readonly rooms: number;
  /** Signed-in sessions with a socket here. */
  readonly sessions: number;
  /** Opens and admits nothing any more, and gives its rooms to other nodes, as far as there are some (P2.10). */
  drain(): Promise<void>;
  close(): Promise<void>;
}

export interface ComposeOverrides {
  /** State shared with auth in the same process, who also closes it (mode A1). */
  readonly state?: SharedState;
  /** The issuer's keys, where they need no fetching. */
  readonly keys?: KeySet;
  readonly limits?: Partial<SocketLimits>;
  readonly log?: Logger;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** The OpenAPI 3.1 document of this service. */
export const openApi = openApiDocument(
  { title: 'RomM netplay SFU', version: '0.1.0', playerCookie: 'romm_sfu_token' },
  SFU_API,
);

/** RomM's proxy serves the node below this path, and not every proxy takes it away again. */
const BASE_PATH = '/netplay';

const newId = () => randomBytes(16).toString('base64url');
const newSeed = () => randomInt(2 ** 32);

/** Builds a node from its configuration and listens. */
export async function composeSfu(config: SfuConfig, overrides: ComposeOverrides = {}): Promise<Sfu> {
  const { log = createLogger('sfu', config.logLevel), now = Date.now } = overrides;
  const closing = createCloseStack();
  try {
    const server = await listen(config.port, config.host, { basePaths: [BASE_PATH] });
    closing.defer(() => server.close());
    const metrics = createMetrics('sfu');
    const audit = createAudit(log);
    const watch = createMigrationWatch(metrics, MIGRATION_FEATURES, audit);
    const services = await openServices(config, overrides, log, watch, now);
    closing.defer(() => services.close());
    const { keys, ready, close: closeKeys } = keysOf(config, overrides, log);
    closing.defer(closeKeys);
    const guests = openGuests({ config, services, now, log, closing });
    const parts = { config, services, guests, port: server.port, now, log, closing };
    const { directory, isRevoked, sockets } = openRooms(parts);
    guests.watch({ directory, sockets, now });

    const warnings = [...(config.devIdentity ? [DEV_IDENTITY_WARNING] : []), ...iceWarnings(config.ice)];
    for (const warning of warnings) log.warn(warning);
    const requestDeps: RequestHandlersDeps & IdentifyDeps = {
      ...judgeTokens({
        ...{ config, services, keys, isRevoked, watch, audit, now },
        issuers: guests.issuers,
      }),
      registry: services.registry,
      nodes: services.nodes,
      directory,
      passwords: createPasswordCheck(),
      allowTakeover: config.allowTakeover,
      defaultVisibility: config.defaultVisibility,
      now,
      newId,
      newSeed,
    };
    const graceMs = config.reconnectGraceSeconds * 1000;
    const checks = { state: () => services.ping(), keys: ready };
    const api = httpListener(
      config,
      {
        ...requestDeps,
        ...doctorDeps(config, services.nodes, server.port, now),
        graceMs,
        drain: () => nodes.beginDrain(),
        checks,
        warnings,
      },
      log,
    );
    if (config.metricsPort !== undefined) {
      const metricsServer = await startMetricsServer(metrics, config.metricsPort, config.host);
      closing.defer(() => metricsServer.close());
    }
    // Sockets and requests end before what they use is closed.
    closing.defer(() => server.close());
    const { connections, shutSockets } = openSockets({
      ...{ config, server, api, requestDeps, sockets, graceMs, log, closing, issuers: guests.issuers },
      limits: overrides.limits,
    });
    const nodes = joinNodes({
      ...{ config, services, directory, connections, shutSockets, newId, now, log, closing },
    });
    return {
      url: server.url,
      get connections() {
        return connections();
      },
      get rooms() {
        return directory.size;
      },
      get sessions() {
        return sockets.sessions;
      },
      drain: nodes.drain,
      close: () => closing.close(),
    };
  } catch (error) {
    await closing.close();
    throw error;
  }
}

/** How often places are freed whose grace time is over. */
const SWEEP_MS = 1_000;

interface RoomParts {
  readonly config: SfuConfig;
  readonly services: SharedServices;
  readonly guests: Guests;
  readonly port: number;
  readonly now: () => number;
  readonly log: Logger;
  readonly closing: CloseStack;
}

/** The rooms of this node, and the sessions that end places in them. */
function openRooms(parts: RoomParts) {
  const isRevoked = (sessionRef: string) => followed.isRevoked(sessionRef);
  const directory = openDirectory(parts, isRevoked);
  const followed = followSessions(parts, directory);
  return { directory, ...followed };
}

/** The rooms of this node, kept alive in the registry at half their time to live. */
function openDirectory(
  { config, services: { registry, handover }, guests, port, now, log, closing }: RoomParts,
  isRevoked: (sessionRef: string) => boolean,
): RoomDirectory {
  const { issuers, mustGo } = guests;
  // A state that was taken is nowhere else. What has ended meanwhile ends its places when that is read.
  const isKnownRevoked = (sessionRef: string) => unlessUnread(false, () => isRevoked(sessionRef));
  const graceMs = config.reconnectGraceSeconds * 1000;
  const directory = createRoomDirectory({
    registry,
    nodeId: config.nodeId,
    url: config.publicUrl ?? `http://localhost:${port}`,
    maxRooms: config.maxRooms,
    maxRoomsOf: (instance) => issuers.get(instance)?.quotas.rooms ?? 0,
    takeOver: takeOverFrom(handover, { graceMs, isRevoked: isKnownRevoked, mustGo, now }),
    now,
    onError: (error, room) => log.warn({ err: error, room }, 'room not announced'),
  });
  const refreshing = setInterval(() => directory.refresh(), (config.roomTtlSeconds * 1000) / 2);
  closing.defer(() => clearInterval(refreshing));
  const sweeping = setInterval(() => expirePlaces({ directory, now }), SWEEP_MS);
  closing.defer(() => clearInterval(sweeping));
  closing.defer(() => directory.close());
  return directory;
}

/** Which sessions have ended, for the tokens that come; and the sockets and places to end when one does. */
function followSessions(
  { services, now, log, closing }: RoomParts,
  directory: RoomDirectory,
): { readonly isRevoked: (sessionRef: string) => boolean; readonly sockets: OpenSockets } {
  const revocations = followRevocations({
    log: services.revocations,
    now,
    onRevoked: (sessionRef) => endSession({ directory, sockets, now }, sessionRef),
    onError: (error) => log.error({ err: error }, 'ended sessions not followed'),
  });
  closing.defer(() => revocations.close());
  const sockets = createOpenSockets(revocations.isRevoked);
  return { isRevoked: revocations.isRevoked, sockets };
}

function httpListener(
  { adminApiKey, allowedOrigins, allowQueryToken, trustedProxies }: SfuConfig,
  deps: Omit<HandlersDeps, 'allowQueryToken' | 'onComponentDown'>,
  log: Logger,
): RequestListener {
  return createApiListener({
    api: SFU_API,
    openApi,
    translate: translateError,
    problemMembers: legacyError,
    authorize: createServerAccess(adminApiKey),
    trustedProxies,
    allowedOrigins,
    log,
    handlers: createHandlers({
      ...deps,
      allowQueryToken,
      onComponentDown: (component, error) => log.error({ component, err: error }, 'component is down'),
    }),
  });
}

/** Within these, an operator waits for the doctor. */
const DOCTOR_LIMITS = { timeoutMs: 3_000, totalMs: 10_000 };

/** What the node tells of itself to players and to the doctor. */
function doctorDeps(config: SfuConfig, nodes: NodeRegistry, port: number, now: () => number) {
  const { authIssuer: issuer, nodeId, ice, clockSkewSeconds } = config;
  const { publicUrl, devIdentity, allowQueryToken, accept } = config;
  const url = publicUrl ?? `http://localhost:${port}`;
  return {
    nodeId,
    url,
    issuer,
    clockSkewSeconds,
    announcedIp: ice.announcedIp,
    iceServersFor: (playerId: string) => iceServersFor(ice, playerId, now()),
    examine: createNodeExamination({
      nodeId,
      nodes,
      facts: { publicUrl, devIdentity, allowQueryToken, accept, warnings: iceWarnings(ice) },
      // The node's own configuration says whom to ask; a request never does.
      lookFromOutside: () => diagnose({ authUrl: issuer, sfuUrl: url, now, ...DOCTOR_LIMITS }),
    }),
    now,
  };
}

async function openServices(
  config: SfuConfig,
  { state }: ComposeOverrides,
  log: Logger,
  watch: MigrationWatch,
  now: () => number,
): Promise<SharedServices> {
  if (state !== undefined) return { ...servicesOverState(state), close: () => Promise.resolve() };
  if (config.redisUrl !== undefined) {
    return servicesOverRedis({
      url: config.redisUrl,
      now,
      roomTtlMs: config.roomTtlSeconds * 1000,
      ...(config.accept.oldMarkers && {
        onOldMarker: (_jti, sub) => watch('old-marker', { iss: HS256_ISSUER, sub }),
      }),
      onError: (error) => log.error({ err: error }, 'Redis connection'),
    });
  }
  if (config.internalSecret === undefined)
    throw new TypeError('A node needs state, a redisUrl or an internalSecret.');
  return servicesOverAuth({ baseUrl: config.authBaseUrl, secret: config.internalSecret });
}

/** With the interval at which auth follows its own store, a withdrawn key is refused within a second. */
const KEYS_POLL_MS = 400;

/** The issuer's keys, and a check that they are at hand. */
function keysOf(config: SfuConfig, { keys }: ComposeOverrides, log: Logger) {
  if (keys !== undefined) return { keys, ready: () => Promise.resolve(0), close: () => undefined };
  const remote = createRemoteKeySet({
    jwksUrl: `${config.authBaseUrl}${AUTH_API.jwks.path}`,
    pollMs: KEYS_POLL_MS,
    onError: (error) => log.error({ err: error }, 'key set not fetched'),
  });
  // Warms the cache; when auth is not up yet, the first token or readiness check tries again.
  remote.ready().catch(() => undefined);
  return {
    keys: remote,
    close: () => remote.close(),
    async ready() {
      const startedAt = performance.now();
      await remote.ready();
      return performance.now() - startedAt;
    },
  };
}
