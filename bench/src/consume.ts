import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { createDisposers, startRedisServer } from '@romm-netplay/testing';
import { BARE, type Order, OURS, UNTIMED, type Way, type WorkerData } from './consume-worker.js';
import { type Contender, interleave, type Results } from './interleave.js';
import { formatRate, formatRatio, formatSpread, type Report, type Table } from './table.js';

/**
 * How many are under way at a time, and how many make a round. Rounds of one in flight are short and many:
 * there the cores sleep most of the time, and how fast they wake changes from one moment to the next.
 */
const LOADS = [
  { concurrency: 1, jtis: 100, rounds: 50 },
  { concurrency: 16, jtis: 2_000, rounds: 25 },
  { concurrency: 128, jtis: 6_000, rounds: 20 },
];
const WARM_UP_ROUNDS = 5;

type Load = (typeof LOADS)[number];

/** Using up one-time ids against one real Redis. */
export async function benchConsume(onRound: (done: number, total: number) => void): Promise<Report> {
  const disposers = createDisposers();
  try {
    const { url } = disposers.use(await startRedisServer());
    // A thread each: what one way leaves behind for the garbage collector is not to slow the others.
    const workers = ([BARE, UNTIMED, OURS] as const).map((way) => {
      const worker = startWorker({ way, url });
      disposers.defer(() => worker.terminate());
      return { way, worker };
    });

    const total = LOADS.reduce((sum, { rounds }) => sum + rounds + WARM_UP_ROUNDS, 0);
    let done = 0;
    const measured: { load: Load; results: Results<'perSecond'> }[] = [];
    for (const load of LOADS) {
      const contenders = workers.map(({ way, worker }) => contender(way, worker, load));
      const plan = {
        rounds: load.rounds,
        warmUpRounds: WARM_UP_ROUNDS,
        onRound: () => onRound(++done, total),
      };
      measured.push({ load, results: await interleave(contenders, plan) });
    }
    return {
      title: 'Using up a one-time id in Redis',
      tables: measured.map(({ load, results }) => tableOf(load, results)),
      aims: measured.map(({ load: { concurrency }, results }) => ({
        what: `ours to bare DEL, ${concurrency} in flight`,
        aim: '0.80x or more',
        measured: formatRatio(results.ratio(OURS, BARE, 'perSecond')),
      })),
    };
  } finally {
    await disposers.closeAll();
  }
}

const startWorker = (workerData: WorkerData) =>
  new Worker(new URL('consume-worker.js', import.meta.url), { workerData });

function contender(name: Way, worker: Worker, { concurrency, jtis }: Load): Contender<'perSecond'> {
  return {
    name,
    async prepare() {
      await order(worker, { prepare: jtis });
      return async () => ({ perSecond: await order(worker, { inFlight: concurrency }) });
    },
  };
}

async function order(worker: Worker, what: Order): Promise<number> {
  worker.postMessage(what);
  const [answer] = (await once(worker, 'message')) as [number];
  return answer;
}

function tableOf({ concurrency }: Load, results: Results<'perSecond'>): Table {
  const rows = results.names.map((name) => [
    name,
    formatRate(results.median(name, 'perSecond')),
    formatSpread(results.spread(name, 'perSecond')),
    formatRatio(results.ratio(name, BARE, 'perSecond')),
    formatRatio(results.ratio(name, UNTIMED, 'perSecond')),
  ]);
  return {
    columns: [`${concurrency} in flight`, 'consume/s', 'spread', 'to DEL', 'to DEL without timeout'],
    rows,
  };
}
