import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  createMemoryJtiStore,
  createRedisJtiStore,
  createRedisLives,
  jtiKey,
  openRedis,
  type RedisConnection,
} from '@romm-netplay/shared-state';
import { eventually, type RedisServer, startRedisServer } from '@romm-netplay/testing';
import { jtiStoreContract } from './contracts/jti-store.contract.js';

describe('JtiStore in memory', () => {
  jtiStoreContract(() => {
    let nowMs = 0;
    const store = createMemoryJtiStore({ elapsed: () => nowMs });
    return Promise.resolve({
      store,
      other: store,
      expire(_jti, lifetimeMs) {
        nowMs += lifetimeMs;
        return Promise.resolve();
      },
      close: () => Promise.resolve(),
    });
  });
});

const storeOver = (redis: RedisConnection) => createRedisJtiStore(createRedisLives(redis));

describe('JtiStore in Redis', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedisServer();
  });
  afterAll(() => server.close());

  jtiStoreContract(async () => {
    const [redis, otherRedis] = [await openRedis({ url: server.url }), await openRedis({ url: server.url })];
    return {
      store: storeOver(redis),
      other: storeOver(otherRedis),
      // Redis forgets by its own clock; there is nothing to wait for but that.
      expire: (jti) =>
        eventually(async () => (await redis.run((client) => client.exists(jtiKey(jti)))) === 0).then(
          () => undefined,
        ),
      async close() {
        await redis.run((client) => client.flushAll());
        await redis.close();
        await otherRedis.close();
      },
    };
  });

  it('keeps the marker as other SFU servers know it: "0" at sfu:auth:jti:<jti> for 30 s (P1.3)', async () => {
    const redis = await openRedis({ url: server.url });
    const jti = await storeOver(redis).issue(30_000);
    expect(jtiKey(jti)).toBe(`sfu:auth:jti:${jti}`);
    expect(await redis.run((client) => client.get(jtiKey(jti)))).toBe('0');
    const ttlMs = await redis.run((client) => client.pTTL(jtiKey(jti)));
    expect(ttlMs).toBeGreaterThan(29_000);
    expect(ttlMs).toBeLessThanOrEqual(30_000);
    await redis.close();
  });

  it('takes older markers only when told to, and only for the subject they name (P1.5)', async () => {
    const redis = await openRedis({ url: server.url });
    const seen: string[] = [];
    const store = createRedisJtiStore(createRedisLives(redis), { onOldMarker: (jti) => seen.push(jti) });
    const [hash, json, spoiled] = ['1', '2', '3'].map((digit) => digit.repeat(32)) as [
      string,
      string,
      string,
    ];
    await redis.run((client) => client.hSet(jtiKey(hash), { sub: 'ada', iss: 'romm:sfu', jti: hash }));
    await redis.run((client) => client.set(jtiKey(json), JSON.stringify({ sub: 'ada' })));
    await redis.run((client) => client.set(jtiKey(spoiled), '{"sub":'));
    for (const jti of [hash, json]) {
      expect(await store.isUnused(jti, 'bob')).toBe(false);
      expect(await store.consume(jti, 'bob')).toBe(false);
      expect(await store.isUnused(jti, 'ada')).toBe(true);
      expect(await Promise.all([store.consume(jti, 'ada'), store.consume(jti, 'ada')])).toEqual([
        true,
        false,
      ]);
    }
    expect(await store.consume(spoiled, 'ada')).toBe(false);
    expect(await store.consume('4'.repeat(32), 'ada')).toBe(false);
    expect(new Set(seen)).toEqual(new Set([hash, json]));
    const jti = await store.issue(30_000);
    expect(await store.consume(jti, 'ada')).toBe(true);
    expect(seen).not.toContain(jti);
    await redis.run((client) => client.flushAll());
    await redis.close();
  });

  it('consumes with one DEL, which comes with a look at which life of Redis this is (P1.4)', async () => {
    const redis = await openRedis({ url: server.url });
    const store = storeOver(redis);
    const jti = await store.issue(30_000);
    await redis.run((client) => client.configResetStat());
    await store.consume(jti, 'ada');
    const statistics = await redis.run((client) => client.info('commandstats'));
    expect(statistics).toMatch(/cmdstat_del:calls=1,/);
    expect(statistics).toMatch(/cmdstat_get:calls=1,/);
    expect(statistics.match(/cmdstat_/g)).toHaveLength(3); // Both, and the CONFIG RESETSTAT itself
    await redis.close();
  });
});
