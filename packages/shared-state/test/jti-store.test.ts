import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createMemoryJtiStore, createRedisJtiStore, jtiKey, openRedis } from '@romm-netplay/shared-state';
import { eventually, type RedisServer, startRedisServer } from '@romm-netplay/testing';
import { jtiStoreContract } from './contracts/jti-store.contract.js';

describe('JtiStore in memory', () => {
  jtiStoreContract(() => {
    let nowMs = 1_800_000_000_000;
    const store = createMemoryJtiStore({ now: () => nowMs });
    return Promise.resolve({
      store,
      other: store,
      nowMs: () => nowMs,
      expire(lifetimeMs) {
        nowMs += lifetimeMs;
        return Promise.resolve();
      },
      close: () => Promise.resolve(),
    });
  });
});

describe('JtiStore in Redis', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedisServer();
  });
  afterAll(() => server.close());

  jtiStoreContract(async () => {
    const [redis, otherRedis] = [await openRedis({ url: server.url }), await openRedis({ url: server.url })];
    return {
      store: createRedisJtiStore(redis),
      other: createRedisJtiStore(otherRedis),
      nowMs: Date.now,
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

  it('keeps the marker as other SFU servers know it: "0" at sfu:auth:jti:<jti> for 30 s (P1.3)', async () => {
    const redis = await openRedis({ url: server.url });
    const store = createRedisJtiStore(redis, { now: () => 1_000_000 });
    const jti = '0123456789abcdef0123456789abcdef';
    await store.remember(jti, 1_030_000);
    expect(jtiKey(jti)).toBe('sfu:auth:jti:0123456789abcdef0123456789abcdef');
    expect(await redis.run((client) => client.get(jtiKey(jti)))).toBe('0');
    const ttlMs = await redis.run((client) => client.pTTL(jtiKey(jti)));
    expect(ttlMs).toBeGreaterThan(29_000);
    expect(ttlMs).toBeLessThanOrEqual(30_000);
    await redis.close();
  });

  it('takes older markers only when told to, and only for the subject they name (P1.5)', async () => {
    const redis = await openRedis({ url: server.url });
    const seen: string[] = [];
    const store = createRedisJtiStore(redis, { onOldMarker: (jti) => seen.push(jti) });
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
    await store.remember('5'.repeat(32), Date.now() + 30_000);
    expect(await store.consume('5'.repeat(32), 'ada')).toBe(true);
    expect(seen).not.toContain('5'.repeat(32));
    await redis.run((client) => client.flushAll());
    await redis.close();
  });

  it('consumes in one command, DEL (P1.4)', async () => {
    const redis = await openRedis({ url: server.url });
    const store = createRedisJtiStore(redis);
    await store.remember('a'.repeat(32), Date.now() + 30_000);
    await redis.run((client) => client.configResetStat());
    await store.consume('a'.repeat(32), 'ada');
    const statistics = await redis.run((client) => client.info('commandstats'));
    expect(statistics).toMatch(/cmdstat_del:calls=1,/);
    expect(statistics.match(/cmdstat_/g)).toHaveLength(2); // DEL, and the CONFIG RESETSTAT itself
    await redis.close();
  });
});
