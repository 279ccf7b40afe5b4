import type { RedisConnection } from '../redis/connection.js';
import type { JtiStore } from './jti-store.js';

/** The key an unused write token is known by; existing SFU servers read and delete it (P1.3). */
export const jtiKey = (jti: string) => `sfu:auth:jti:${jti}`;
const UNUSED = '0';

export interface RedisJtiStoreOptions {
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

export function createRedisJtiStore(redis: RedisConnection, options: RedisJtiStoreOptions = {}): JtiStore {
  const { now = Date.now } = options;
  return {
    async remember(jti, expiresAtMs) {
      // A lifetime rather than a time of day: the clock of the Redis machine does not matter.
      const ttlMs = Math.max(1, Math.round(expiresAtMs - now()));
      await redis.run((client) =>
        client.set(jtiKey(jti), UNUSED, { expiration: { type: 'PX', value: ttlMs } }),
      );
    },
    consume: async (jti) => (await redis.run((client) => client.del(jtiKey(jti)))) === 1,
    isUnused: async (jti) => (await redis.run((client) => client.exists(jtiKey(jti)))) === 1,
  };
}
