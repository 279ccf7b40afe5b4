import {
  createRedisJtiStore,
  createRedisLives,
  openRedis,
  type RedisConnection,
} from '@romm-netplay/shared-state';
import { createDisposers, startRedisServer } from '@romm-netplay/testing';
import { inBatches } from '../services.js';
import { rememberOld } from './old-scheme.js';

const KEYS = 100_000;
/** Beyond what the bench takes, so that none expires meanwhile. */
const LIFETIME_MS = 600_000;

export interface BytesInBulk {
  readonly old: number;
  readonly new: number;
}

/** What a key of many really takes: `MEMORY USAGE` leaves out the table of expiries and the buckets. */
export async function bytesInBulk(): Promise<BytesInBulk> {
  const ours = (redis: RedisConnection) => {
    const jtis = createRedisJtiStore(createRedisLives(redis));
    return () => jtis.issue(LIFETIME_MS);
  };
  const old = (redis: RedisConnection) => () => rememberOld(redis, Date);
  return { old: await fill(old), new: await fill(ours) };
}

async function fill(writerOver: (redis: RedisConnection) => () => Promise<unknown>): Promise<number> {
  const disposers = createDisposers();
  try {
    const { url } = disposers.use(await startRedisServer());
    const redis = disposers.use(await openRedis({ url }));
    const write = writerOver(redis);
    const before = await usedMemory(redis);
    await inBatches(Array.from({ length: KEYS }), write);
    const used = (await usedMemory(redis)) - before;
    const stored = await redis.run((client) => client.dbSize());
    if (stored !== KEYS) throw new Error(`Only ${stored} of ${KEYS} keys are there to be measured.`);
    return used / KEYS;
  } finally {
    await disposers.closeAll();
  }
}

async function usedMemory(redis: RedisConnection): Promise<number> {
  const info = await redis.run((client) => client.info('memory'));
  return Number(/^used_memory:(\d+)/m.exec(info)?.[1]);
}
