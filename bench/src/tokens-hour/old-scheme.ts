import { randomBytes } from 'node:crypto';
import { jtiKey, openRedis, type RedisConnection } from '@romm-netplay/shared-state';
import { HOUR_MINUTES } from './activity.js';
import type { Clock } from './clock.js';
import type { Cost } from './cost.js';
import type { KeyLedger } from './key-ledger.js';

const TOKEN_SECONDS = 30;

/**
 * The design before read and write tokens: while the page is open, a timer asks for a token every 30 s, and
 * each leaves a hash of user data for its 30 s. What the player does is left out: of the 120 hashes a few
 * would go early, or get a key beside them that says they were used.
 */
export async function spendHourOld(redisUrl: string, clock: Clock, ledger: KeyLedger): Promise<Cost> {
  const redis = await openRedis({ url: redisUrl });
  try {
    const startMs = clock.now();
    const requests = (HOUR_MINUTES * 60) / TOKEN_SECONDS;
    for (let token = 0; token < requests; token += 1) {
      clock.advanceTo(startMs + token * TOKEN_SECONDS * 1000);
      await rememberOld(redis, clock);
      await ledger.settle();
    }
    return { keys: await ledger.take(), requests };
  } finally {
    await redis.close();
  }
}

/** The two commands that stored an old token. */
export async function rememberOld(redis: RedisConnection, { now }: Pick<Clock, 'now'>): Promise<void> {
  const jti = randomBytes(16).toString('hex');
  const issuedAt = Math.floor(now() / 1000);
  const fields = {
    sub: 'player-one',
    iss: 'romm:sfu',
    jti,
    iat: String(issuedAt),
    exp: String(issuedAt + TOKEN_SECONDS),
    netplay_username: 'Player One',
  };
  await redis.run((client) =>
    client.multi().hSet(jtiKey(jti), fields).expire(jtiKey(jti), TOKEN_SECONDS).exec(),
  );
}
