import type { FirstUseStore } from './first-use/first-use-store.js';
import {
  createMemoryFirstUseStore,
  type MemoryFirstUseStoreOptions,
} from './first-use/memory-first-use-store.js';
import {
  createRedisFirstUseStore,
  type RedisFirstUseStoreOptions,
} from './first-use/redis-first-use-store.js';
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
import { adviceOf } from './redis/advice.js';
import { openRedis, type RedisConnectionOptions } from './redis/connection.js';
import { createRedisLives } from './redis/life.js';
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
  /**
   * Tries what the services live on, a write among it; how long that took, in milliseconds. Rejects with
   * StateUnavailableError, which says what is wrong.
   */
  probe(): Promise<number>;
  /** What of its set-up breaks a promise sooner or later, a sentence each for whoever runs it. */
  advice(): readonly string[];
  close(): Promise<void>;
}

export interface MemoryStateOptions extends MemoryRoomRegistryOptions, MemoryFirstUseStoreOptions {}

/** State of one process (mode A1). */
export function createMemoryState(options: MemoryStateOptions = {}): SharedState {
  return {
    jtis: createMemoryJtiStore(options),
    firstUses: createMemoryFirstUseStore(options),
    rooms: createMemoryRoomRegistry(options),
    nodes: createMemoryNodeRegistry(options.elapsed === undefined ? {} : { elapsed: options.elapsed }),
    moves: createMemoryRoomMoves(options),
    revocations: createMemoryRevocationLog(options),
    issuers: createMemoryPublishedIssuers(),
    identityCache: createMemoryIdentityCache(options),
    limiter: createMemoryAttemptLimiter,
    probe: () => Promise.resolve(0),
    advice: () => [],
    close: () => Promise.resolve(),
  };
}

/** State that all processes over one Redis share (mode A2). */
export async function openRedisState(
  options: RedisConnectionOptions &
    RedisJtiStoreOptions &
    RedisFirstUseStoreOptions & {
      readonly roomTtlMs?: number;
      /** Told once of each sentence of `advice`. */
      readonly onAdvice?: (sentence: string) => void;
    },
): Promise<SharedState> {
  const { roomTtlMs, onOldMarker, onAdvice, now = Date.now, ...connection } = options;
  const redis = await openRedis(connection);
  let advice: readonly string[] = [];
  const lives = createRedisLives(redis, (info) => {
    const before = advice;
    advice = adviceOf(info);
    for (const sentence of advice) if (!before.includes(sentence)) onAdvice?.(sentence);
  });
  // So that the first guest finds a life that began long enough ago; while Redis is away, whoever needs it asks.
  lives.current().catch(() => undefined);
  return {
    jtis: createRedisJtiStore(lives, { onOldMarker }),
    firstUses: createRedisFirstUseStore(lives, { now }),
    rooms: createRedisRoomRegistry(redis, roomTtlMs === undefined ? {} : { ttlMs: roomTtlMs }),
    nodes: createRedisNodeRegistry(redis),
    moves: createRedisRoomMoves(redis),
    revocations: createRedisRevocationLog(redis, lives),
    issuers: createRedisPublishedIssuers(redis),
    identityCache: createRedisIdentityCache(redis),
    limiter: (rule) => createRedisAttemptLimiter(redis, rule),
    async probe() {
      const [tookMs] = await Promise.all([redis.probe(), lives.current()]);
      return tookMs;
    },
    advice: () => advice,
    close: () => redis.close(),
  };
}
