import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  createMemoryAttemptLimiter,
  createRedisAttemptLimiter,
  openRedis,
  StateUnavailableError,
} from '@romm-netplay/shared-state';
import { eventually, type RedisServer, startRedisServer } from '@romm-netplay/testing';
import { attemptLimiterContract } from './contracts/attempt-limiter.contract.js';

const RULE = { name: 'login', attempts: 3, windowSeconds: 60 };

describe('AttemptLimiter in memory', () => {
  attemptLimiterContract(() =>
    Promise.resolve({
      limiter: createMemoryAttemptLimiter,
      // One process is all there is.
      other: (limiter) => limiter,
      close: () => Promise.resolve(),
    }),
  );
});

describe('AttemptLimiter in Redis', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedisServer();
  });
  afterAll(() => server.close());

  attemptLimiterContract(async () => {
    const [redis, otherRedis] = [await openRedis({ url: server.url }), await openRedis({ url: server.url })];
    return {
      limiter: (rule) => createRedisAttemptLimiter(redis, rule),
      other: (_limiter, rule) => createRedisAttemptLimiter(otherRedis, rule),
      async close() {
        await redis.run((client) => client.flushAll());
        await redis.close();
        await otherRedis.close();
      },
    };
  });

  it('keeps one key an attempted name, with the window as its time to live', async () => {
    const redis = await openRedis({ url: server.url });
    await createRedisAttemptLimiter(redis, RULE).attempt('ada');
    expect(await redis.run((client) => client.keys('*'))).toEqual(['sfu:attempts:login:ada']);
    const ttlMs = await redis.run((client) => client.pTTL('sfu:attempts:login:ada'));
    expect(ttlMs).toBeGreaterThan(50_000);
    expect(ttlMs).toBeLessThanOrEqual(60_000);
    await redis.run((client) => client.flushAll());
    await redis.close();
  });

  it.each([
    ['dead', (mortal: RedisServer) => mortal.kill()],
    [
      'frozen',
      (mortal: RedisServer) => {
        mortal.freeze();
        return Promise.resolve();
      },
    ],
  ])('says so when Redis is %s, and counts again afterwards', async (_how, takeAway) => {
    const mortal = await startRedisServer();
    const redis = await openRedis({ url: mortal.url, commandTimeoutMs: 300 });
    const limiter = createRedisAttemptLimiter(redis, RULE);
    await limiter.attempt('ada');
    await takeAway(mortal);
    await expect(limiter.attempt('ada')).rejects.toThrow(StateUnavailableError);
    await expect(limiter.forget('ada')).rejects.toThrow(StateUnavailableError);
    await mortal.restart();
    await eventually(async () => (await limiter.attempt('bob')).allowed);
    await redis.close();
    await mortal.close();
  });
});
