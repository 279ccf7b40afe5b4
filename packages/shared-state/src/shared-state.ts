import type { JtiStore } from './jti/jti-store.js';
import { createMemoryJtiStore } from './jti/memory-jti-store.js';
import { createRedisJtiStore, type RedisJtiStoreOptions } from './jti/redis-jti-store.js';
import { openRedis, type RedisConnectionOptions } from './redis/connection.js';
import { createMemoryRoomRegistry, type MemoryRoomRegistryOptions } from './rooms/memory-room-registry.js';
import { createRedisRoomRegistry } from './rooms/redis-room-registry.js';
import type { RoomRegistry } from './rooms/room-registry.js';

/** Everything that auth and the SFU nodes of one instance share. */
export interface SharedState {
  readonly jtis: JtiStore;
  readonly rooms: RoomRegistry;
  /** Round-trip time in milliseconds; rejects with StateUnavailableError. */
  ping(): Promise<number>;
  close(): Promise<void>;
}

/** State of one process (mode A1). */
export function createMemoryState(options: MemoryRoomRegistryOptions = {}): SharedState {
  return {
    jtis: createMemoryJtiStore(options),
    rooms: createMemoryRoomRegistry(options),
    ping: () => Promise.resolve(0),
    close: () => Promise.resolve(),
  };
}

/** State that all processes over one Redis share (mode A2). */
export async function openRedisState(
  options: RedisConnectionOptions &
    Pick<RedisJtiStoreOptions, 'onOldMarker'> & { readonly roomTtlMs?: number },
): Promise<SharedState> {
  const { roomTtlMs, onOldMarker, ...connection } = options;
  const redis = await openRedis(connection);
  return {
    jtis: createRedisJtiStore(redis, { onOldMarker }),
    rooms: createRedisRoomRegistry(redis, roomTtlMs === undefined ? {} : { ttlMs: roomTtlMs }),
    ping: () => redis.ping(),
    close: () => redis.close(),
  };
}
