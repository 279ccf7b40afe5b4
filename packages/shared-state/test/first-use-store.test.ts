import { afterAll, beforeAll, describe } from '@jest/globals';
import {
  createMemoryFirstUseStore,
  createRedisFirstUseStore,
  FIRST_USE_SINCE_KEY,
  openRedis,
} from '@romm-netplay/shared-state';
import { eventually, type RedisServer, startRedisServer } from '@romm-netplay/testing';
import { firstUseStoreContract } from './contracts/first-use-store.contract.js';

describe('FirstUseStore in memory', () => {
  firstUseStoreContract(() => {
    let nowMs = 1_800_000_000_000;
    const now = () => nowMs;
    const store = createMemoryFirstUseStore({ now });
    return Promise.resolve({
      store,
      other: store,
      nowMs: now,
      expire(lifetimeMs) {
        nowMs += lifetimeMs;
        return Promise.resolve();
      },
      lose: () => Promise.resolve(createMemoryFirstUseStore({ now })),
      close: () => Promise.resolve(),
    });
  });
});

describe('FirstUseStore in Redis', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedisServer();
  });
  afterAll(() => server.close());

  firstUseStoreContract(async () => {
    const [redis, otherRedis] = [await openRedis({ url: server.url }), await openRedis({ url: server.url })];
    const store = createRedisFirstUseStore(redis);
    // The clock of Redis is real: what these tests let pass has passed already.
    const since = String(Date.now() - 60_000);
    await redis.run((client) => client.set(FIRST_USE_SINCE_KEY, since));
    return {
      store,
      other: createRedisFirstUseStore(otherRedis),
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
});
