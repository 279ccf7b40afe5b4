import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  createMemoryRevocationLog,
  createRedisRevocationLog,
  openRedis,
  REVOCATION_RETENTION_MS,
  REVOCATIONS_KEY,
  StateUnavailableError,
} from '@romm-netplay/shared-state';
import { eventually, type RedisServer, startRedisServer } from '@romm-netplay/testing';
import { revocationLogContract } from './contracts/revocation-log.contract.js';

describe('RevocationLog in memory', () => {
  revocationLogContract(() => {
    const log = createMemoryRevocationLog();
    return Promise.resolve({ log, other: log, close: () => Promise.resolve() });
  });

  it('forgets what no token can outlive, and never what one still can', async () => {
    let nowMs = 1_800_000_000_000;
    const log = createMemoryRevocationLog({ now: () => nowMs });
    await log.append(['old']);
    nowMs += REVOCATION_RETENTION_MS - 1;
    await log.append(['young']);
    expect((await log.readAfter(undefined)).sessionRefs).toEqual(['old', 'young']);
    nowMs += 1;
    await log.append(['new']);
    expect((await log.readAfter(undefined)).sessionRefs).toEqual(['young', 'new']);
  });

  it('shows a reader from before a restart what comes after it', async () => {
    let nowMs = 1_800_000_000_000;
    const before = createMemoryRevocationLog({ now: () => nowMs });
    await before.append(Array.from({ length: 100 }, (_, index) => `s${index}`));
    const { cursor } = await before.readAfter(undefined);
    nowMs += 1_000;
    const after = createMemoryRevocationLog({ now: () => nowMs });
    await after.append(['late']);
    expect((await after.readAfter(cursor)).sessionRefs).toEqual(['late']);
  });
});

describe('RevocationLog in Redis', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedisServer();
  });
  afterAll(() => server.close());

  revocationLogContract(async () => {
    const [redis, otherRedis] = [await openRedis({ url: server.url }), await openRedis({ url: server.url })];
    return {
      log: createRedisRevocationLog(redis),
      other: createRedisRevocationLog(otherRedis),
      async close() {
        await redis.run((client) => client.flushAll());
        await redis.close();
        await otherRedis.close();
      },
    };
  });

  it('keeps one stream, which expires by itself when nobody signs out any more', async () => {
    const redis = await openRedis({ url: server.url });
    await createRedisRevocationLog(redis).append(['a', 'b']);
    expect(await redis.run((client) => client.dbSize())).toBe(1);
    expect(await redis.run((client) => client.xLen(REVOCATIONS_KEY))).toBe(2);
    const ttlMs = await redis.run((client) => client.pTTL(REVOCATIONS_KEY));
    expect(ttlMs).toBeGreaterThan(REVOCATION_RETENTION_MS);
    expect(ttlMs).toBeLessThanOrEqual(2 * REVOCATION_RETENTION_MS);
    await redis.run((client) => client.flushAll());
    await redis.close();
  });

  it('drops old entries while new ones come, so that the stream stays bounded', async () => {
    const redis = await openRedis({ url: server.url });
    await createRedisRevocationLog(redis).append(Array.from({ length: 1_000 }, (_, index) => `old${index}`));
    const later = Date.now() + REVOCATION_RETENTION_MS + 60_000;
    await createRedisRevocationLog(redis, { now: () => later }).append(['new']);
    // Trimming is by whole nodes of the stream (~100 entries), so the last few old ones may stay.
    const left = await redis.run((client) => client.xLen(REVOCATIONS_KEY));
    expect(left).toBeLessThan(200);
    await redis.run((client) => client.flushAll());
    await redis.close();
  });

  it('goes on where it was after Redis lost everything', async () => {
    const redis = await openRedis({ url: server.url });
    const log = createRedisRevocationLog(redis);
    await log.append(['a']);
    const { cursor } = await log.readAfter(undefined);
    await redis.run((client) => client.flushAll());
    expect((await log.readAfter(cursor)).sessionRefs).toEqual([]);
    // Entries are numbered by the millisecond; no server loses everything and starts again within one.
    await eventually(() => Date.now() > Number(cursor.split('-')[0]) + 1);
    await log.append(['b']);
    expect((await log.readAfter(cursor)).sessionRefs).toEqual(['b']);
    await redis.close();
  });

  it('says so when Redis is away', async () => {
    const mortal = await startRedisServer();
    const redis = await openRedis({ url: mortal.url, commandTimeoutMs: 300 });
    const log = createRedisRevocationLog(redis);
    await mortal.kill();
    await eventually(() =>
      redis.ping().then(
        () => false,
        () => true,
      ),
    );
    await expect(log.append(['a'])).rejects.toThrow(StateUnavailableError);
    await expect(log.readAfter(undefined)).rejects.toThrow(StateUnavailableError);
    await redis.close();
  });
});
