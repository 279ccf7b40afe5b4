import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  createMemoryFirstUseStore,
  createRedisFirstUseStore,
  createRedisLives,
  LIFE_KEY,
  openRedis,
  type RedisConnection,
  StateUnavailableError,
} from '@romm-netplay/shared-state';
import { eventually, type RedisServer, startRedisServer } from '@romm-netplay/testing';
import { firstUseStoreContract } from './contracts/first-use-store.contract.js';

describe('FirstUseStore in memory', () => {
  firstUseStoreContract(() => {
    let nowMs = 1_800_000_000_000;
    const now = () => nowMs;
    const store = createMemoryFirstUseStore({ now, elapsed: now });
    return Promise.resolve({
      store,
      other: store,
      nowMs: now,
      expire(lifetimeMs) {
        nowMs += lifetimeMs;
        return Promise.resolve();
      },
      lose: () => Promise.resolve(createMemoryFirstUseStore({ now, elapsed: now })),
      close: () => Promise.resolve(),
    });
  });
});

/** As if the store had begun that much earlier. */
async function backdate(redis: RedisConnection, byMs: number): Promise<void> {
  const { held } = await createRedisLives(redis).current();
  const since = held.replace(/\d+$/, (ms) => String(Number(ms) - byMs));
  await redis.run((client) => client.set(LIFE_KEY, since));
}

describe('FirstUseStore in Redis', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedisServer();
  });
  afterAll(() => server.close());

  firstUseStoreContract(async () => {
    const [redis, otherRedis] = [await openRedis({ url: server.url }), await openRedis({ url: server.url })];
    const store = createRedisFirstUseStore(createRedisLives(redis));
    // The clock of Redis is real: what these tests let pass has passed already.
    await backdate(redis, 60_000);
    return {
      store,
      other: createRedisFirstUseStore(createRedisLives(otherRedis)),
      nowMs: () => Date.now() - 30_000,
      expire: (lifetimeMs) =>
        lifetimeMs > 1_000
          ? Promise.resolve()
          : eventually(async () => (await redis.run((client) => client.dbSize())) === 1).then(
              () => undefined,
            ),
      async lose() {
        await redis.run((client) => client.flushAll());
        return store;
      },
      async close() {
        await redis.run((client) => client.flushAll());
        await redis.close();
        await otherRedis.close();
      },
    };
  });

  it('begins anew on another run of the server: an older snapshot may lack the last uses', async () => {
    const redis = await openRedis({ url: server.url });
    const store = createRedisFirstUseStore(createRedisLives(redis));
    await backdate(redis, 60_000);
    const nowMs = Date.now();
    const use = (jti: string) => ({
      issuer: 'https://a.example.org',
      jti,
      fromMs: nowMs - 30_000,
      untilMs: nowMs + 10_000,
    });
    expect(await store.claim(use('1'))).toBe(true);
    // What a server finds that starts from the snapshot of another one.
    const since = String(await redis.run((client) => client.get(LIFE_KEY)));
    expect(since).toMatch(/^[0-9a-f]{40}\.[0-9a-f]{40} \d{13}$/);
    await redis.run((client) => client.set(LIFE_KEY, since.replace(/^./, 'x')));
    await expect(store.claim(use('1'))).rejects.toThrow(StateUnavailableError);
    await expect(store.isUnused(use('2'))).rejects.toThrow(StateUnavailableError);
    await redis.run((client) => client.flushAll());
    await redis.close();
  });
});
