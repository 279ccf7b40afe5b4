import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import type { RedisClient, RedisConnection } from '../redis/connection.js';
import type { AttemptLimiter, AttemptOutcome, AttemptRule } from './attempt-limiter.js';

type Limiter = Pick<RateLimiterMemory, 'consume' | 'reward' | 'delete'>;

/** Attempts of one process (mode A1). */
export function createMemoryAttemptLimiter(rule: AttemptRule): AttemptLimiter {
  const limiter = new RateLimiterMemory({ points: rule.attempts, duration: rule.windowSeconds });
  return limiterOver(rule, (use) => use(limiter));
}

/** Attempts that all processes over one Redis count together; keys `sfu:attempts:<rule>:<key>`. */
export function createRedisAttemptLimiter(redis: RedisConnection, rule: AttemptRule): AttemptLimiter {
  let limiter: RateLimiterRedis | undefined;
  const over = (storeClient: RedisClient) =>
    (limiter ??= new RateLimiterRedis({
      storeClient,
      useRedisPackage: true,
      keyPrefix: `sfu:attempts:${rule.name}`,
      points: rule.attempts,
      duration: rule.windowSeconds,
    }));
  return limiterOver(rule, (use) => redis.run((client) => use(over(client))));
}

function limiterOver(
  { windowSeconds }: AttemptRule,
  using: <T>(use: (limiter: Limiter) => Promise<T>) => Promise<T>,
): AttemptLimiter {
  /** The library rejects with a result when there are no attempts left, and with an Error when it failed. */
  function refusedOrThrow(reason: unknown): AttemptOutcome {
    if (!(reason instanceof RateLimiterRes)) throw reason;
    // By a wall clock, which may have been put back: nobody waits for longer than the window.
    const retryAfterSeconds = Math.min(windowSeconds, Math.max(1, Math.ceil(reason.msBeforeNext / 1000)));
    return { allowed: false, retryAfterSeconds };
  }
  return {
    attempt: (key, weight = 1) =>
      using((limiter) => limiter.consume(key, weight).then(allowed, refusedOrThrow)),
    giveBack: (key) => using((limiter) => limiter.reward(key)).then(() => undefined),
    forget: (key) => using((limiter) => limiter.delete(key)).then(() => undefined),
  };
}

const allowed = (): AttemptOutcome => ({ allowed: true });
