import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  createMemoryRevocationLog,
  createRedisLives,
  createRedisRevocationLog,
  openRedis,
  type RedisConnection,
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
    const log = createMemoryRevocationLog({ elapsed: () => nowMs });
    await log.append(['old']);
    nowMs += REVOCATION_RETENTION_MS - 1;
    await log.append(['young']);
    expect((await log.readAfter(undefined)).sessionRefs).toEqual(['old', 'young']);
    nowMs += 1;
    await log.append(['new']);
    expect((await log.readAfter(undefined)).sessionRefs).toEqual(['young', 'new']);
  });

  it('shows a reader from before a restart what comes after it, and what is remembered', async () => {
    const before = createMemoryRevocationLog();
    await before.append(Array.from({ length: 100 }, (_, index) => `s${index}`));
    const { cursor } = await before.readAfter(undefined);
    const after = createMemoryRevocationLog();
    await after.append(['late']);
    expect((await after.readAfter(cursor)).sessionRefs).toEqual(['late']);
  });
});

const logOver = (redis: RedisConnection, retentionMs?: number) =>
  createRedisRevocationLog(redis, createRedisLives(redis), retentionMs === undefined ? {} : { retentionMs });

describe('RevocationLog in Redis', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedisServer();
  });
  afterAll(() => server.close());

  revocationLogContract(async () => {
    const [redis, otherRedis] = [await openRedis({ url: server.url }), await openRedis({ url: server.url })];
    return {
      log: logOver(redis),
      other: logOver(otherRedis),
      async close() {
        await redis.run((client) => client.flushAll());
        await redis.close();
        await otherRedis.close();
      },
    };
  });

  it('keeps one stream, which expires by itself when nobody signs out any more', async () => {
    const redis = await openRedis({ url: server.url });
    await logOver(redis).append(['a', 'b']);
    expect(await redis.run((client) => client.dbSize())).toBe(1); // Writing asks for no life.
    expect(await redis.run((client) => client.xLen(REVOCATIONS_KEY))).toBe(2);
    const ttlMs = await redis.run((client) => client.pTTL(REVOCATIONS_KEY));
    expect(ttlMs).toBeGreaterThan(REVOCATION_RETENTION_MS);
    expect(ttlMs).toBeLessThanOrEqual(2 * REVOCATION_RETENTION_MS);
    await redis.run((client) => client.flushAll());
    await redis.close();
  });

  it('drops old entries while new ones come, so that the stream stays bounded', async () => {
    const redis = await openRedis({ url: server.url });
    await logOver(redis).append(Array.from({ length: 1_000 }, (_, index) => `old${index}`));
    const oldMs = Date.now();
    await eventually(() => Date.now() > oldMs + 1);
    await logOver(redis, 0).append(['new']);
    // Trimming is by whole nodes of the stream (~100 entries), so the last few old ones may stay.
    const left = await redis.run((client) => client.xLen(REVOCATIONS_KEY));
    expect(left).toBeLessThan(200);
    await redis.run((client) => client.flushAll());
    await redis.close();
  });

  it('goes on after Redis lost everything, though its clock is behind what it was', async () => {
    const redis = await openRedis({ url: server.url });
    const log = logOver(redis);
    // Numbered by a clock that is an hour ahead.
    const ahead = `${Date.now() + 3_600_000}-0`;
    await redis.run((client) => client.xAdd(REVOCATIONS_KEY, ahead, { sid: 'a' }));
    const { cursor } = await log.readAfter(undefined);
    expect(cursor).toContain(ahead);
    await redis.run((client) => client.flushAll());
    await log.append(['b']);
    // Whether this is the life that the cursor is of is seen at the first look.
    const found = await eventually(() => log.readAfter(cursor).catch(() => false));
    expect(found).toMatchObject({ sessionRefs: ['b'] });
    await redis.run((client) => client.flushAll());
    await redis.close();
  });

  it('says so when Redis is away', async () => {
    const mortal = await startRedisServer();
    const redis = await openRedis({ url: mortal.url, commandTimeoutMs: 300 });
    const log = logOver(redis);
    await mortal.kill();
    await eventually(() =>
      redis.probe().then(
        () => false,
        () => true,
      ),
    );
    await expect(log.append(['a'])).rejects.toThrow(StateUnavailableError);
    await expect(log.readAfter(undefined)).rejects.toThrow(StateUnavailableError);
    await redis.close();
  });
});
