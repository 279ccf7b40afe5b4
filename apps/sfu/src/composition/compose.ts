import { randomBytes, randomInt } from 'node:crypto';
import { PUBLIC_PREFIX } from '@romm-netplay/protocol';
import {
  type CloseStack,
  createAudit,
  createCloseStack,
  createLogger,
  createMetrics,
  createSteadyClock,
  createMigrationWatch,
  listen,
  type Logger,
  startMetricsServer,
} from '@romm-netplay/service-kit';
import { MIGRATION_FEATURES } from '@romm-netplay/token-core';
import type { SfuConfig } from '../config.js';
import { iceWarnings } from '../ice/ice-servers.js';
import { createPasswordCheck } from '../rooms/password.js';
import type { RequestHandlersDeps } from '../signaling/request-handlers.js';
import { DEV_IDENTITY_WARNING } from '../tokens/dev-identity.js';
import type { RommTiming } from '../romm/romm-sessions.js';
import type { WhoDeps } from '../romm/shown.js';
import type { KeepPlaceDeps } from '../rooms/keep-place.js';
import type { SocketLimits } from '../ws/limits.js';
import { componentsOf } from './components.js';
import { openGuests } from './guests.js';
import { doctorDeps, httpListener, openApi } from './http.js';
import { sfuLapses } from './lapses.js';
import { joinNodes } from './nodes.js';
import { askRomm, openAuth, ownPages } from './romm.js';
import { openRooms } from './rooms.js';
import { type Brought, keysOf, openServices } from './services.js';
import { openSockets } from './sockets.js';
import { judgeTokens } from './tokens.js';

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

export interface ComposeOverrides extends Brought {
  readonly limits?: Partial<SocketLimits>;
  readonly rommTiming?: Partial<RommTiming>;
  readonly log?: Logger;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

export { openApi };

const newId = () => randomBytes(16).toString('base64url');
const newSeed = () => randomInt(2 ** 32);

/** Builds a node from its configuration and listens. */
export async function composeSfu(config: SfuConfig, overrides: ComposeOverrides = {}): Promise<Sfu> {
  const { log = createLogger('sfu', config.logLevel), now = Date.now } = overrides;
  const closing = createCloseStack();
  const steadyNow = createSteadyClock(now);
  try {
    const server = await listenAs(config);
    closing.defer(() => server.close());
    const metrics = createMetrics('sfu');
    const audit = createAudit(log);
    const lapses = sfuLapses(log);
    const watch = createMigrationWatch(metrics, MIGRATION_FEATURES, audit);
    const services = await openServices(config, overrides, log, watch, now);
    closing.defer(() => services.close());
    const { keys, ready } = keysOf(config, overrides, lapses, closing);
    const guests = openGuests({ config, services, now, log, lapses, closing });
    const parts = { config, services, guests, port: server.port, now, steadyNow, log, lapses, closing };
    const { directory, isRevoked, sockets } = openRooms(parts);
    guests.watch({ directory, sockets, now });

    const warnings = warningsOf(config);
    for (const warning of [...warnings, ...config.warnings]) log.warn(warning);
    const judges = judgeTokens({
      ...{ config, services, keys, isRevoked, watch, audit, now },
      issuers: guests.issuers,
    });
    const auth = openAuth(config);
    const requestDeps: RequestHandlersDeps & WhoDeps & Pick<KeepPlaceDeps, 'steadyNow'> = {
      ...judges,
      romm: askRomm({ auth, judges, directory, sockets, timing: overrides.rommTiming, now, closing }),
      ...roomSettings(config),
      registry: services.registry,
      nodes: services.nodes,
      passwords: createPasswordCheck(),
      ...{ directory, now, steadyNow, newId, newSeed },
    };
    const components = componentsOf({ services, keys: ready, auth, log, lapses, closing });
    const graceMs = config.reconnectGraceSeconds * 1000;
    const isOwnPage = ownPages(config);
    const api = httpListener(
      config,
      {
        ...requestDeps,
        ...doctorDeps({
          ...{ config, nodes: services.nodes, components, port: server.port, now },
          isIdDisputed: () => nodes.isIdDisputed(),
        }),
        ...{ graceMs, isOwnPage },
        drain: () => nodes.beginDrain(),
        ...{ components, warnings },
      },
      log,
    );
    await serveMetrics(metrics, config, closing);
    // Sockets and requests end before what they use is closed.
    closing.defer(() => server.close());
    const { connections, shutSockets } = openSockets({
      ...{ config, server, api, requestDeps, sockets, graceMs, isOwnPage, log, closing },
      issuers: guests.issuers,
      limits: overrides.limits,
    });
    const nodes = joinNodes({
      ...{ config, services, directory, connections, shutSockets, newId, now, log, lapses, closing },
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

const listenAs = ({ port, host, trustedProxies }: SfuConfig) =>
  listen(port, host, { basePaths: [PUBLIC_PREFIX], trustedProxies });

const warningsOf = ({ devIdentity, ice }: SfuConfig): string[] => [
  ...(devIdentity ? [DEV_IDENTITY_WARNING] : []),
  ...iceWarnings(ice),
];

const roomSettings = ({ allowTakeover, seatsPerPlayer, legacyNodes, defaultVisibility }: SfuConfig) => ({
  allowTakeover,
  seatsPerPlayer,
  legacyNodes,
  defaultVisibility,
});

async function serveMetrics(
  metrics: ReturnType<typeof createMetrics>,
  { metricsPort, metricsHost }: SfuConfig,
  closing: CloseStack,
): Promise<void> {
  if (metricsPort === undefined) return;
  const server = await startMetricsServer(metrics, metricsPort, metricsHost);
  closing.defer(() => server.close());
}
