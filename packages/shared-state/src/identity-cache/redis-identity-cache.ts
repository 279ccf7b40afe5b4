import type { RedisConnection } from '../redis/connection.js';
import type { IdentityCache } from './identity-cache.js';

export const identityKey = (key: string) => `sfu:identity:${key}`;

/** Known identities that all replicas of auth share (mode A2). */
export function createRedisIdentityCache(redis: RedisConnection): IdentityCache {
  return {
    read: (key) => redis.run((client) => client.get(identityKey(key))).then((value) => value ?? undefined),
    async write(key, value, ttlMs) {
      const expiration = { type: 'PX', value: Math.max(1, Math.round(ttlMs)) } as const;
      await redis.run((client) => client.set(identityKey(key), value, { expiration }));
    },
  };
}
