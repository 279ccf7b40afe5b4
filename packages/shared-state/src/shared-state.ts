import type { FirstUseStore } from './first-use/first-use-store.js';
import { createMemoryFirstUseStore } from './first-use/memory-first-use-store.js';
import { createRedisFirstUseStore } from './first-use/redis-first-use-store.js';
import type { IdentityCache } from './identity-cache/identity-cache.js';
import { createMemoryIdentityCache } from './identity-cache/memory-identity-cache.js';
import { createRedisIdentityCache } from './identity-cache/redis-identity-cache.js';
import type { PublishedIssuers } from './issuers/issuer-feed.js';
import { createMemoryPublishedIssuers } from './issuers/memory-published-issuers.js';
import { createRedisPublishedIssuers } from './issuers/redis-published-issuers.js';
import type { JtiStore } from './jti/jti-store.js';
import type { AttemptLimiter, AttemptRule } from './limits/attempt-limiter.js';
import { createMemoryAttemptLimiter, createRedisAttemptLimiter } from './limits/flexible-limiter.js';
import { createMemoryJtiStore } from './jti/memory-jti-store.js';
import { createRedisJtiStore, type RedisJtiStoreOptions } from './jti/redis-jti-store.js';
import { createMemoryRoomMoves } from './moves/memory-room-moves.js';
import { createRedisRoomMoves } from './moves/redis-room-moves.js';
import type { RoomMoves } from './moves/room-moves.js';
import { createMemoryNodeRegistry } from './nodes/memory-node-registry.js';
import type { NodeRegistry } from './nodes/node-registry.js';
import { createRedisNodeRegistry } from './nodes/redis-node-registry.js';
import { openRedis, type RedisConnectionOptions } from './redis/connection.js';
import { createMemoryRevocationLog } from './revocations/memory-revocation-log.js';
import { createRedisRevocationLog } from './revocations/redis-revocation-log.js';
import type { RevocationLog } from './revocations/revocation-log.js';
import { createMemoryRoomRegistry, type MemoryRoomRegistryOptions } from './rooms/memory-room-registry.js';
import { createRedisRoomRegistry } from './rooms/redis-room-registry.js';
import type { HandoverRegistry } from './rooms/room-registry.js';

/** Everything that auth and the SFU nodes of one instance share. */
export interface SharedState {
  readonly jtis: JtiStore;
  /** Single uses of what other instances signed. */
  readonly firstUses: FirstUseStore;
  readonly rooms: HandoverRegistry;
  /** The SFU nodes of the instance. */
  readonly nodes: NodeRegistry;
  /** Rooms on their way from one node to another. */
  readonly moves: RoomMoves;
  readonly revocations: RevocationLog;
  /** Other instances as they are registered here, published by auth. */
  readonly issuers: PublishedIssuers;
  readonly identityCache: IdentityCache;
  /** Counts attempts under a rule. */
  limiter(rule: AttemptRule): AttemptLimiter;
  /** Round-trip time in milliseconds; rejects with StateUnavailableError. */
  ping(): Promise<number>;
  close(): Promise<void>;
}

/** State of one process (mode A1). */
export function createMemoryState(options: MemoryRoomRegistryOptions = {}): SharedState {
  return {
    jtis: createMemoryJtiStore(options),
    firstUses: createMemoryFirstUseStore(options),
    rooms: createMemoryRoomRegistry(options),
    nodes: createMemoryNodeRegistry(options.now === undefined ? {} : { now: options.now }),
    moves: createMemoryRoomMoves(options),
    revocations: createMemoryRevocationLog(options),
    issuers: createMemoryPublishedIssuers(),
    identityCache: createMemoryIdentityCache(options),
    limiter: createMemoryAttemptLimiter,
    ping: () => Promise.resolve(0),
    close: () => Promise.resolve(),
  };
}

/** State that all processes over one Redis share (mode A2). */
export async function openRedisState(
  options: RedisConnectionOptions & RedisJtiStoreOptions & { readonly roomTtlMs?: number },
): Promise<SharedState> {
  const { roomTtlMs, onOldMarker, now = Date.now, ...connection } = options;
  const redis = await openRedis(connection);
  return {
    jtis: createRedisJtiStore(redis, { onOldMarker, now }),
    firstUses: createRedisFirstUseStore(redis, { now }),
    rooms: createRedisRoomRegistry(redis, roomTtlMs === undefined ? {} : { ttlMs: roomTtlMs }),
    nodes: createRedisNodeRegistry(redis),
    moves: createRedisRoomMoves(redis),
    revocations: createRedisRevocationLog(redis, { now }),
    issuers: createRedisPublishedIssuers(redis),
    identityCache: createRedisIdentityCache(redis),
    limiter: (rule) => createRedisAttemptLimiter(redis, rule),
    ping: () => redis.ping(),
    close: () => redis.close(),
  };
}
