import type { RedisConnection } from '../redis/connection.js';
import type { RedisLives } from '../redis/life.js';
import { REVOCATION_RETENTION_MS, type RevocationLog } from './revocation-log.js';

/** A stream: Redis numbers the entries, so all readers agree on their order. */
export const REVOCATIONS_KEY = 'sfu:revocations';
const BEGINNING = '0-0';
/** A cursor comes back from nodes, who may have made it up. */
const ENTRY_ID = /^\d{1,20}-\d{1,20}$/;
const PAGE_SIZE = 1_000;

/**
 * ARGV: how long entries are kept, in ms, and the sessions. Old by the clock that numbers them: one of auth that
 * is hours ahead would drop what is young. Trimming never takes the last entry; the key's own expiry does.
 */
const APPEND = `
local time = redis.call('TIME')
local oldest = time[1] * 1000 + math.floor(time[2] / 1000) - tonumber(ARGV[1])
for i = 2, #ARGV do
  redis.call('XADD', KEYS[1], 'MINID', '~', string.format('%.0f', math.max(0, oldest)), '*', 'sid', ARGV[i])
end
redis.call('PEXPIRE', KEYS[1], 2 * tonumber(ARGV[1]))`;

export interface RedisRevocationLogOptions {
  /** How long an entry is kept, in milliseconds. */
  readonly retentionMs?: number;
}

/**
 * A cursor is the name of a life of Redis and the id of an entry: in another life, which may be emptied and of a
 * clock that is behind, entries are numbered anew, and a reader begins again.
 */
export function createRedisRevocationLog(
  redis: RedisConnection,
  lives: RedisLives,
  { retentionMs = REVOCATION_RETENTION_MS }: RedisRevocationLogOptions = {},
): RevocationLog {
  return {
    async append(sessionRefs) {
      const call = { keys: [REVOCATIONS_KEY], arguments: [String(retentionMs), ...sessionRefs] };
      if (sessionRefs.length > 0) await redis.run((client) => client.eval(APPEND, call));
    },

    async readAfter(cursor = '') {
      // Asked anew at each poll: so a server that was a replica for a moment, unnoticed, is noticed here.
      const life = await lives.look();
      const [name, id] = cursor.split(' ');
      const last = name === life.name && ENTRY_ID.test(id ?? '') ? id : BEGINNING;
      const found = await lives.within(life, (client) =>
        client.xRange(REVOCATIONS_KEY, `(${last}`, '+', { COUNT: PAGE_SIZE }),
      );
      const entries = found ?? [];
      return {
        sessionRefs: entries.flatMap(({ message }) => (message['sid'] === undefined ? [] : [message['sid']])),
        cursor: `${life.name} ${entries.at(-1)?.id ?? last}`,
      };
    },
  };
}
