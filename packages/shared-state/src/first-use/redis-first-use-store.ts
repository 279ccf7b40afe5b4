import { StateUnavailableError } from '../errors.js';
import type { RedisConnection } from '../redis/connection.js';
import { type FirstUse, firstUseName, type FirstUseStore } from './first-use-store.js';

/** The run of the server and since when it remembers first uses without a gap. One hash tag with the uses. */
export const FIRST_USE_SINCE_KEY = 'sfu:{first-use}:since';
export const firstUseKey = (name: string) => `sfu:{first-use}:${name}`;

/**
 * The beginning belongs to one run of one server: one that comes back from an older snapshot, or another one
 * that takes its place, may have lost the last uses, and so begins anew. A server that does not tell its run is
 * taken for the same.
 */
const SINCE = `
local info = redis.pcall('INFO', 'server')
local run = type(info) == 'string' and string.match(info, 'run_id:(%w+)') or '-'
local held = redis.call('GET', KEYS[1]) or ''
local since = string.sub(held, 1, #run + 1) == run .. ' ' and tonumber(string.sub(held, #run + 2))
if not since then
  local time = redis.call('TIME')
  since = time[1] * 1000 + math.floor(time[2] / 1000)
  redis.call('SET', KEYS[1], string.format('%s %.0f', run, since))
end
`;

/**
 * ARGV: earliest showing, and how long to remember, in ms. A store that knows no beginning was emptied, and
 * begins now: what may have been shown before is not known to be unused.
 */
const CLAIM = `${SINCE}
if tonumber(ARGV[1]) < since then return 'unknown' end
if redis.call('SET', KEYS[2], '1', 'NX', 'PX', ARGV[2]) then return 'first' end
return 'used'`;

/** ARGV: earliest showing. */
const LOOK = `${SINCE}
if tonumber(ARGV[1]) < since then return 'unknown' end
if redis.call('EXISTS', KEYS[2]) == 0 then return 'first' end
return 'used'`;

export interface RedisFirstUseStoreOptions {
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

export function createRedisFirstUseStore(
  redis: RedisConnection,
  { now = Date.now }: RedisFirstUseStoreOptions = {},
): FirstUseStore {
  // So that the first guest finds a beginning that lies back far enough; while Redis is away, a claim does it.
  redis.run((client) => client.eval(SINCE, { keys: [FIRST_USE_SINCE_KEY] })).catch(() => undefined);

  async function isFirst(script: string, use: FirstUse, ...more: string[]): Promise<boolean> {
    const outcome = await redis.run((client) =>
      client.eval(script, {
        keys: [FIRST_USE_SINCE_KEY, firstUseKey(firstUseName(use))],
        arguments: [String(use.fromMs), ...more],
      }),
    );
    if (outcome === 'unknown') throw new StateUnavailableError();
    return outcome === 'first';
  }

  return {
    // A lifetime rather than a time of day: the clock of the Redis machine does not matter.
    claim: (use) => isFirst(CLAIM, use, String(Math.max(1, Math.round(use.untilMs - now())))),
    isUnused: (use) => isFirst(LOOK, use),
  };
}
