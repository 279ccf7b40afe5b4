import type { RedisConnection } from '../redis/connection.js';
import { REVOCATION_RETENTION_MS, type RevocationLog } from './revocation-log.js';

/** A stream: Redis numbers the entries, so all readers agree on their order. */
export const REVOCATIONS_KEY = 'sfu:revocations';
const BEGINNING = '0-0';
const PAGE_SIZE = 1_000;

export interface RedisRevocationLogOptions {
  /** Milliseconds since the epoch; decides only how long old entries are kept. */
  readonly now?: () => number;
}

export function createRedisRevocationLog(
  redis: RedisConnection,
  { now = Date.now }: RedisRevocationLogOptions = {},
): RevocationLog {
  return {
    async append(sessionRefs) {
      const oldest = Math.max(0, now() - REVOCATION_RETENTION_MS);
      const trim = { TRIM: { strategy: 'MINID', strategyModifier: '~', threshold: oldest } } as const;
      await redis.run((client) => {
        const all = client.multi();
        for (const sid of sessionRefs) all.xAdd(REVOCATIONS_KEY, '*', { sid }, trim);
        // Trimming never takes the last entry; the key's own expiry does.
        all.pExpire(REVOCATIONS_KEY, 2 * REVOCATION_RETENTION_MS);
        return all.exec();
      });
    },

    async readAfter(cursor = BEGINNING) {
      const range = await redis.run((client) =>
        client.xRange(REVOCATIONS_KEY, `(${cursor}`, '+', { COUNT: PAGE_SIZE }),
      );
      const entries = range ?? [];
      return {
        sessionRefs: entries.flatMap(({ message }) => (message['sid'] === undefined ? [] : [message['sid']])),
        cursor: entries.at(-1)?.id ?? cursor,
      };
    },
  };
}
