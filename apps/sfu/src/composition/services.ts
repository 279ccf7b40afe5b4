import { AUTH_API } from '@romm-netplay/protocol/auth-api';
import {
  type CloseStack,
  createOutageLog,
  type Lapses,
  type Logger,
  type MigrationWatch,
} from '@romm-netplay/service-kit';
import type { SharedState } from '@romm-netplay/shared-state';
import { createRemoteKeySet, HS256_ISSUER, type KeySet } from '@romm-netplay/token-core';
import {
  type SharedServices,
  servicesOverAuth,
  servicesOverRedis,
  servicesOverState,
} from '../adapters/shared-services.js';
import type { SfuConfig } from '../config.js';
import { authInPlaceOfState } from './lapses.js';

/** What a process that runs auth as well brings along (mode A1). */
export interface Brought {
  /** State shared with auth, who also closes it. */
  readonly state?: SharedState;
  /** The issuer's keys, where they need no fetching. */
  readonly keys?: KeySet;
}

/** What this node needs of the rest of its instance. */
export async function openServices(
  config: SfuConfig,
  { state }: Brought,
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
      ...createOutageLog(log, 'Redis'),
    });
  }
  if (config.internalSecret === undefined)
    throw new TypeError('A node needs state, a redisUrl or an internalSecret.');
  return servicesOverAuth({
    baseUrl: config.authBaseUrl,
    secret: config.internalSecret,
    ...authInPlaceOfState(log),
  });
}

/** With the interval at which auth follows its own store, a withdrawn key is refused within a second. */
const KEYS_POLL_MS = 400;

/** The issuer's keys, and a check that they are at hand. */
export function keysOf(config: SfuConfig, { keys }: Brought, lapses: Lapses, closing: CloseStack) {
  if (keys !== undefined) return { keys, ready: () => Promise.resolve(0) };
  const remote = createRemoteKeySet({
    jwksUrl: `${config.authBaseUrl}${AUTH_API.jwks.path}`,
    pollMs: KEYS_POLL_MS,
    ...lapses({ failing: 'key set not fetched', mended: 'key set is fetched again' }),
  });
  closing.defer(() => remote.close());
  // Warms the cache; when auth is not up yet, the first token or readiness check tries again.
  remote.ready().catch(() => undefined);
  return {
    keys: remote,
    async ready() {
      const startedAt = performance.now();
      await remote.ready();
      return performance.now() - startedAt;
    },
  };
}
