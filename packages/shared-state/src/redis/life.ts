import { createHash } from 'node:crypto';
import { StateUnavailableError } from '../errors.js';
import type { RedisClient, RedisConnection } from './connection.js';

/**
 * The run of the server, the history that its data is of, and since when it remembers without a gap, in ms since
 * the epoch. One hash tag with the first uses.
 */
export const LIFE_KEY = 'sfu:{first-use}:life';

/**
 * A stretch of time in which Redis forgot nothing and no other server took its place. What was used up before it
 * may be there again: from an older snapshot, or in a replica that had not heard of it yet.
 */
export interface RedisLife {
  /** 8 lower-case hex digits. */
  readonly name: string;
  /** When it began, by the clock of Redis, in milliseconds since the epoch. */
  readonly sinceMs: number;
  /** As Redis holds it. */
  readonly held: string;
  /** The connection that it was learnt over: the next may lead to another server. */
  readonly epoch: number;
}

export interface RedisLives {
  /** The life that Redis is in, as far as is known here. @throws StateUnavailableError */
  current(): Promise<RedisLife>;
  /** The same, asked of Redis: another process may know of a newer one. @throws StateUnavailableError */
  look(): Promise<RedisLife>;
  /**
   * Runs commands and answers what they did, if Redis was in `life` when they ran; whatever they did otherwise
   * counts for nothing. One round trip. @throws StateUnavailableError
   */
  within<T>(life: RedisLife, commands: (client: RedisClient) => Promise<T>): Promise<T>;
}

/**
 * ARGV: the run. One life is that of one run of one server: who comes back from a snapshot, or in the place of
 * another, begins a new one; so does one that was emptied, and one whose clock was put back to before it began.
 */
const BEGIN = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local held = redis.call('GET', KEYS[1]) or ''
local since = string.sub(held, 1, #ARGV[1] + 1) == ARGV[1] .. ' ' and tonumber(string.sub(held, #ARGV[1] + 2))
if since and since <= now then return held end
held = string.format('%s %.0f', ARGV[1], now)
redis.call('SET', KEYS[1], held)
return held`;

/** @param onInfo told what INFO answered, of every server that this process comes to know */
export function createRedisLives(
  redis: RedisConnection,
  onInfo: (info: string) => void = () => undefined,
): RedisLives {
  let known: RedisLife | undefined;
  let looking: Promise<RedisLife> | undefined;

  async function learn(): Promise<RedisLife> {
    const epoch = redis.epoch;
    const info = await redis.run((client) => client.info());
    const run = runOf(info);
    if (run === undefined) throw new StateUnavailableError({ trouble: NAMELESS_RUN });
    const begin = { keys: [LIFE_KEY], arguments: [run] };
    const held = (await redis.run((client) => client.eval(BEGIN, begin))) as string;
    if (redis.epoch !== epoch) throw new StateUnavailableError();
    known = { name: nameOf(held), sinceMs: Number(held.split(' ')[1]), held, epoch };
    onInfo(info);
    return known;
  }

  /** Callers at the same time share one look. */
  function look(): Promise<RedisLife> {
    looking ??= learn().finally(() => (looking = undefined));
    return looking;
  }

  return {
    look,
    current: () => (known?.epoch === redis.epoch ? Promise.resolve(known) : look()),
    async within(life, commands) {
      if (life.epoch !== redis.epoch) throw new StateUnavailableError();
      const [held, answer] = await redis.run((client) =>
        Promise.all([client.get(LIFE_KEY), commands(client)]),
      );
      if (held === life.held) return answer;
      known = undefined;
      throw new StateUnavailableError();
    },
  };
}

/** A master that was a replica meanwhile has another history (`master_replid`), though it is the same process. */
function runOf(info: string): string | undefined {
  const run = /^run_id:(\w+)/m.exec(info)?.[1];
  return run && `${run}.${/^master_replid:(\w+)/m.exec(info)?.[1] ?? ''}`;
}

const nameOf = (held: string): string => createHash('sha256').update(held).digest('hex').slice(0, 8);

const NAMELESS_RUN = {
  code: 'redis_without_run_id',
  message: 'What answers at REDIS_URL does not say which run of Redis it is (run_id in INFO).',
};
