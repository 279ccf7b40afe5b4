import { StateUnavailableError } from '../errors.js';
import type { RedisLives } from '../redis/life.js';
import { type FirstUse, firstUseName, type FirstUseStore } from './first-use-store.js';

/** One hash tag with the life that they belong to. */
export const firstUseKey = (name: string) => `sfu:{first-use}:${name}`;

/**
 * ARGV: since when Redis remembers, and how long ago it may have been shown first, in ms. Each is the age of a
 * moment by one clock alone: that of Redis may differ from the others.
 */
const SINCE = `
local time = redis.call('TIME')
local age = time[1] * 1000 + math.floor(time[2] / 1000) - tonumber(ARGV[1])
if age < tonumber(ARGV[2]) then return 'unknown' end
`;

/** ARGV[3]: how long to remember, in ms. */
const CLAIM = `${SINCE}
if redis.call('SET', KEYS[1], '1', 'NX', 'PX', ARGV[3]) then return 'first' end
return 'used'`;

const LOOK = `${SINCE}
if redis.call('EXISTS', KEYS[1]) == 0 then return 'first' end
return 'used'`;

export interface RedisFirstUseStoreOptions {
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

export function createRedisFirstUseStore(
  lives: RedisLives,
  { now = Date.now }: RedisFirstUseStoreOptions = {},
): FirstUseStore {
  async function isFirst(script: string, use: FirstUse, ...more: string[]): Promise<boolean> {
    const life = await lives.current();
    const outcome = await lives.within(life, (client) =>
      client.eval(script, {
        keys: [firstUseKey(firstUseName(use))],
        arguments: [String(life.sinceMs), String(Math.round(now() - use.fromMs)), ...more],
      }),
    );
    if (outcome !== 'unknown') return outcome === 'first';
    // A clock of Redis that was put back is no reason to wait until it is as late again.
    await lives.look();
    throw new StateUnavailableError();
  }

  return {
    // A lifetime rather than a time of day: the clock of the Redis machine does not matter.
    claim: (use) => isFirst(CLAIM, use, String(Math.max(1, Math.round(use.untilMs - now())))),
    isUnused: (use) => isFirst(LOOK, use),
  };
}
