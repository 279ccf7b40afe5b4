import { randomBytes, randomUUID } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import { createRedisJtiStore, createRedisLives, jtiKey, openRedis } from '@romm-netplay/shared-state';
import { createClient } from 'redis';
import { collectGarbage } from './interleave.js';
import { inBatches, inFlight } from './services.js';

/** The ways to use up an id that are compared. */
export const BARE = 'node-redis DEL';
export const UNTIMED = 'node-redis DEL without timeout';
export const OURS = 'ours';
export type Way = typeof BARE | typeof UNTIMED | typeof OURS;

export interface WorkerData {
  readonly way: Way;
  readonly url: string;
}
export type Order = { readonly prepare: number } | { readonly inFlight: number };

type Consume = (jti: string) => Promise<boolean>;

const MARKER_LIFE_MS = 60_000;
const PLAYER = randomUUID();

const waysOver: Record<Way, (url: string) => Promise<Consume>> = {
  [BARE]: async (url) => bareConsume(await createClient({ url }).connect()),
  // By default node-redis keeps a timer and an AbortSignal for every command for 5 s.
  [UNTIMED]: async (url) =>
    bareConsume(await createClient({ url, commandOptions: { timeout: 0 } }).connect()),
  [OURS]: async (url) => {
    const store = createRedisJtiStore(createRedisLives(await openRedis({ url })));
    return (jti) => store.consume(jti, PLAYER);
  },
};

const bareConsume =
  (client: { del(key: string): Promise<number> }): Consume =>
  async (jti) =>
    (await client.del(jtiKey(jti))) === 1;

if (parentPort !== null) await serve(parentPort);

/** Takes orders one after another: make ids, then use them up and answer how many a second. */
async function serve(port: NonNullable<typeof parentPort>): Promise<void> {
  const { way, url } = workerData as WorkerData;
  const consume = await waysOver[way](url);
  const preparing = await createClient({ url, commandOptions: { timeout: 0 } }).connect();
  // Ids begin with the life of Redis that they are issued in.
  const redis = await openRedis({ url });
  const { name: life } = await createRedisLives(redis).current();
  await redis.close();
  let jtis: string[] = [];

  async function obey(order: Order): Promise<number> {
    if ('inFlight' in order) return measure(consume, jtis, order.inFlight);
    jtis = Array.from({ length: order.prepare }, () => life + randomBytes(12).toString('hex'));
    const expiration = { type: 'PX', value: MARKER_LIFE_MS } as const;
    await inBatches(jtis, (jti) => preparing.set(jtiKey(jti), '0', { expiration }));
    collectGarbage();
    return jtis.length;
  }
  // A rejection ends the thread, which the other side hears of.
  port.on('message', (order: Order) => void obey(order).then((answer) => port.postMessage(answer)));
}

async function measure(consume: Consume, jtis: readonly string[], concurrency: number): Promise<number> {
  let consumed = 0;
  const startedAt = performance.now();
  await inFlight(concurrency, jtis, async (jti) => {
    if (await consume(jti)) consumed += 1;
  });
  const elapsedMs = performance.now() - startedAt;
  if (consumed !== jtis.length) throw new Error(`${consumed} of ${jtis.length} ids were used up.`);
  return (jtis.length * 1000) / elapsedMs;
}
