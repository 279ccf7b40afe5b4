import { randomBytes } from 'node:crypto';
import { openApiDocument } from '@romm-netplay/protocol';
import { AUTH_API } from '@romm-netplay/protocol/auth-api';
import { SFU_API } from '@romm-netplay/protocol/sfu-api';
import {
  createApiListener,
  createCloseStack,
  createLogger,
  listen,
  type Logger,
} from '@romm-netplay/service-kit';
import type { SharedState } from '@romm-netplay/shared-state';
import {
  createCachedVerifier,
  createRemoteKeySet,
  type KeySet,
  type TokenVerifier,
  trustOnly,
} from '@romm-netplay/token-core';
import {
  type SharedServices,
  servicesOverAuth,
  servicesOverRedis,
  servicesOverState,
} from './adapters/shared-services.js';
import type { SfuConfig } from './config.js';
import { createHandlers } from './http/handlers.js';
import { translateError } from './http/translate-error.js';
import { createPasswordCheck } from './rooms/password.js';
import { createRoomDirectory } from './rooms/room-directory.js';
import { createRequestHandlers } from './signaling/request-handlers.js';
import { FIXED_LIMITS, type SocketLimits } from './ws/limits.js';
import { attachSocketServer } from './ws/socket-server.js';

export interface Sfu {
  /** Where it listens, e.g. `http://127.0.0.1:3001`. */
  readonly url: string;
  readonly connections: number;
  readonly rooms: number;
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
export const openApi = openApiDocument('RomM netplay SFU', '0.1.0', SFU_API);

const newId = () => randomBytes(16).toString('base64url');

/** Builds a node from its configuration and listens. */
export async function composeSfu(config: SfuConfig, overrides: ComposeOverrides = {}): Promise<Sfu> {
  const { log = createLogger('sfu', config.logLevel), now = Date.now } = overrides;
  const closing = createCloseStack();
  try {
    const server = await listen(config.port, config.host);
    closing.defer(() => server.close());
    const services = await openServices(config, overrides, log);
    closing.defer(() => services.close());

    const { keys, ready, close: closeKeys } = keysOf(config, overrides, log);
    closing.defer(closeKeys);
    const verifier = verifierOf(config, keys, now);
    const { consumer, registry } = services;
    const directory = createRoomDirectory({
      registry,
      nodeId: config.nodeId,
      url: config.publicUrl ?? `http://localhost:${server.port}`,
      maxRooms: config.maxRooms,
      now,
      onError: (error, room) => log.warn({ err: error, room }, 'room not announced'),
    });
    const refreshing = setInterval(() => directory.refresh(), (config.roomTtlSeconds * 1000) / 2);
    closing.defer(() => clearInterval(refreshing));
    closing.defer(() => directory.close());

    const passwords = createPasswordCheck();
    const sockets = attachSocketServer({
      server: server.server,
      session: {
        verifier,
        directory,
        handlers: createRequestHandlers({ verifier, consumer, registry, directory, passwords, now, newId }),
        nodeId: config.nodeId,
        newId,
        onUnexpected: (error, clientId) => log.error({ err: error, clientId }, 'request failed'),
      },
      verifier,
      limits: { ...limitsOf(config), ...overrides.limits },
      allowsOrigin: originCheck(config),
      trustedProxies: config.trustedProxies,
      allowQueryToken: config.allowQueryToken,
    });
    server.serve(
      createApiListener({
        api: SFU_API,
        openApi,
        translate: translateError,
        allowedOrigins: config.allowedOrigins,
        log,
        handlers: createHandlers({
          registry,
          verifier,
          allowQueryToken: config.allowQueryToken,
          checks: { state: () => services.ping(), keys: ready },
          warnings: [],
          onComponentDown: (component, error) => log.error({ component, err: error }, 'component is down'),
        }),
      }),
    );
    // Sockets and requests end before what they use is closed.
    closing.defer(() => server.close());
    closing.defer(() => sockets.close());
    return {
      url: server.url,
      get connections() {
        return sockets.connections;
      },
      get rooms() {
        return directory.size;
      },
      close: () => closing.close(),
    };
  } catch (error) {
    await closing.close();
    throw error;
  }
}

async function openServices(
  config: SfuConfig,
  { state }: ComposeOverrides,
  log: Logger,
): Promise<SharedServices> {
  if (state !== undefined) return { ...servicesOverState(state), close: () => Promise.resolve() };
  if (config.redisUrl !== undefined) {
    return servicesOverRedis({
      url: config.redisUrl,
      roomTtlMs: config.roomTtlSeconds * 1000,
      onError: (error) => log.error({ err: error }, 'Redis connection'),
    });
  }
  if (config.internalSecret === undefined)
    throw new TypeError('A node needs state, a redisUrl or an internalSecret.');
  return servicesOverAuth({ baseUrl: config.authBaseUrl, secret: config.internalSecret });
}

function verifierOf(
  { authIssuer, clockSkewSeconds }: SfuConfig,
  keys: KeySet,
  now: () => number,
): TokenVerifier {
  const trustedIssuers = trustOnly(authIssuer, keys);
  return createCachedVerifier({ trustedIssuers, audience: authIssuer, clockSkewSeconds, now });
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

const limitsOf = (config: SfuConfig): SocketLimits => ({
  ...FIXED_LIMITS,
  maxSocketsPerAddress: config.maxSocketsPerAddress,
  textPerSecond: config.maxMessagesPerSecond,
  binaryPerSecond: config.maxFramesPerSecond,
});

/** Pages of the node's own host and of the listed origins may connect; other pages may not. */
function originCheck({ allowedOrigins, publicUrl }: SfuConfig) {
  const allowed = new Set(allowedOrigins);
  if (publicUrl !== undefined) allowed.add(new URL(publicUrl).origin);
  return (origin: string, host: string | undefined) =>
    allowed.has(origin) || (URL.canParse(origin) && new URL(origin).host === host);
}
