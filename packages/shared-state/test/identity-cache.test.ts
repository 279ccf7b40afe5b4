import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  createMemoryIdentityCache,
  createRedisIdentityCache,
  identityKey,
  openRedis,
  StateUnavailableError,
} from '@romm-netplay/shared-state';
import { eventually, type RedisServer, startRedisServer } from '@romm-netplay/testing';
import { identityCacheContract } from './contracts/identity-cache.contract.js';

describe('IdentityCache in memory', () => {
  identityCacheContract(() => {
    let nowMs = 1_800_000_000_000;
    const cache = createMemoryIdentityCache({ elapsed: () => nowMs });
    return Promise.resolve({
      cache,
      other: cache,
      expire(lifetimeMs) {
        nowMs += lifetimeMs;
        return Promise.resolve();
      },
      close: () => Promise.resolve(),
    });
  });

  it('holds no more than it may, and drops what was unused for longest (P4.5)', async () => {
    const cache = createMemoryIdentityCache({ maxEntries: 2 });
    await cache.write('a', '1', 30_000);
    await cache.write('b', '2', 30_000);
    await cache.read('a');
    await cache.write('c', '3', 30_000);
    expect(await Promise.all(['a', 'b', 'c'].map((key) => cache.read(key)))).toEqual(['1', undefined, '3']);
  });
});

describe('IdentityCache in Redis', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedisServer();
  });
  afterAll(() => server.close());

  identityCacheContract(async () => {
    const [redis, otherRedis] = [await openRedis({ url: server.url }), await openRedis({ url: server.url })];
    return {
      cache: createRedisIdentityCache(redis),
      other: createRedisIdentityCache(otherRedis),
      // Redis forgets by its own clock; there is nothing to wait for but that.
      expire: () =>
        eventually(async () => (await redis.run((client) => client.dbSize())) === 0).then(() => undefined),
      async close() {
        await redis.run((client) => client.flushAll());
        await redis.close();
        await otherRedis.close();
      },
    };
  });

  it('keeps one string at sfu:identity:<digest> that expires by itself (P4.5)', async () => {
    const redis = await openRedis({ url: server.url });
    await createRedisIdentityCache(redis).write('ab12', 'value', 60_000);
    expect(identityKey('ab12')).toBe('sfu:identity:ab12');
    const ttlMs = await redis.run((client) => client.pTTL('sfu:identity:ab12'));
    expect(ttlMs).toBeGreaterThan(59_000);
    expect(ttlMs).toBeLessThanOrEqual(60_000);
    await redis.run((client) => client.flushAll());
    await redis.close();
  });

  it('rejects with StateUnavailableError while Redis is away', async () => {
    const doomed = await startRedisServer();
    const redis = await openRedis({ url: doomed.url, commandTimeoutMs: 200 });
    const cache = createRedisIdentityCache(redis);
    await doomed.kill();
    await eventually(() =>
      cache.read('k').then(
        () => false,
        () => true,
      ),
    );
    await expect(cache.read('k')).rejects.toBeInstanceOf(StateUnavailableError);
    await expect(cache.write('k', 'v', 1_000)).rejects.toBeInstanceOf(StateUnavailableError);
    await redis.close();
  });
});
