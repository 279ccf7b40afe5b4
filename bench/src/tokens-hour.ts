import { createDisposers, type Disposers } from '@romm-netplay/testing';
import { quantile } from './interleave.js';
import { formatRate, type Aim, type Report, type Table } from './table.js';
import { HOURS, NORMAL, randomHour, roomsOf, type Stretch } from './tokens-hour/activity.js';
import { type BytesInBulk, bytesInBulk } from './tokens-hour/bytes-in-bulk.js';
import { createClock } from './tokens-hour/clock.js';
import { byteSeconds, byteSecondsUnused, bytesPerKey, type Cost } from './tokens-hour/cost.js';
import { startInstance } from './tokens-hour/instance.js';
import { openKeyLedger } from './tokens-hour/key-ledger.js';
import { openHostedRoom, spendHourNew } from './tokens-hour/new-scheme.js';
import { spendHourOld } from './tokens-hour/old-scheme.js';

/** Whole percents, which compare exactly. */
const AIMS = { keys: 93, byteSeconds: 93, requests: 95 };
/** One hour says little when the number is so small: how many requests it takes depends on when rooms are left. */
const RANDOM_ROOMS = [1, 2, 3, 4, 6];
const RANDOM_HOURS = 40;

type SpendHour = (hour: readonly Stretch[]) => Promise<Cost>;

/** What an hour of one player costs Redis and auth: a token every 30 s against tokens on demand (P1.11). */
export async function benchTokensHour(onRound: (done: number, total: number) => void): Promise<Report> {
  const disposers = createDisposers();
  try {
    const { old, spendHour } = await startSchemes(disposers);
    const hours = Object.entries(HOURS);
    const total = hours.length + RANDOM_ROOMS.length;
    const costs = new Map<string, Cost>();
    for (const [name, hour] of hours) {
      costs.set(name, await spendHour(hour));
      onRound(costs.size, total);
    }
    const requests = new Map<number, number[]>();
    for (const rooms of RANDOM_ROOMS) {
      requests.set(rooms, await spendRandomHours(rooms, spendHour));
      onRound(hours.length + requests.size, total);
    }
    const normal = costs.get(NORMAL)!;
    return {
      title: 'Tokens of one player in an hour',
      tables: [
        normalTable(old, normal, await bytesInBulk()),
        hoursTable(old, costs),
        randomTable(old, requests),
      ],
      aims: aimsOf(old, normal),
    };
  } finally {
    await disposers.closeAll();
  }
}

async function startSchemes(disposers: Disposers): Promise<{ old: Cost; spendHour: SpendHour }> {
  const clock = createClock();
  const instance = await startInstance(disposers, clock);
  await openHostedRoom(disposers, instance);
  const ledger = disposers.use(await openKeyLedger(instance.redisUrl, clock));
  const old = await spendHourOld(instance.redisUrl, clock, ledger);
  return { old, spendHour: (hour) => spendHourNew(hour, instance, clock, ledger) };
}

function normalTable(old: Cost, now: Cost, bulk: BytesInBulk): Table {
  const row = (what: string, was: number, is: number) => [
    what,
    formatRate(was),
    formatRate(is),
    formatSaving(was, is),
  ];
  return {
    columns: [NORMAL, 'old', 'new', 'saving'],
    rows: [
      row('Redis keys created', old.keys.length, now.keys.length),
      row('Redis byte-seconds', byteSeconds(old), byteSeconds(now)),
      row('the same, had no token been used', byteSecondsUnused(old), byteSecondsUnused(now)),
      row('token requests', old.requests, now.requests),
      row('bytes a key (MEMORY USAGE)', bytesPerKey(old), bytesPerKey(now)),
      row('bytes a key among 100,000 (used_memory)', bulk.old, bulk.new),
    ],
  };
}

function hoursTable(old: Cost, costs: ReadonlyMap<string, Cost>): Table {
  const rows = Object.entries(HOURS).map(([name, hour]) => {
    const now = costs.get(name)!;
    if (now.keys.length !== roomsOf(hour))
      throw new Error(`${name}: ${now.keys.length} keys, not one a room.`);
    return [
      name,
      judged(AIMS.keys, old.keys.length, now.keys.length),
      judged(AIMS.byteSeconds, byteSeconds(old), byteSeconds(now)),
      judged(AIMS.requests, old.requests, now.requests),
    ];
  });
  return { columns: ['new', 'keys', 'byte-seconds', 'token requests'], rows };
}

async function spendRandomHours(rooms: number, spendHour: SpendHour): Promise<number[]> {
  const requests: number[] = [];
  for (let nth = 0; nth < RANDOM_HOURS; nth += 1) {
    requests.push((await spendHour(randomHour(rooms, `${rooms}/${nth}`))).requests);
  }
  return requests;
}

function randomTable(old: Cost, requests: ReadonlyMap<number, readonly number[]>): Table {
  const rows = [...requests].map(([rooms, all]) => {
    const reached = all.filter((now) => isReached(AIMS.requests, old.requests, now));
    return [
      `${rooms} ${rooms === 1 ? 'room' : 'rooms'}`,
      ...[Math.min(...all), quantile(all, 0.5), Math.max(...all)].map(formatRate),
      formatSaving(
        all.length * old.requests,
        all.reduce((sum, now) => sum + now, 0),
      ),
      `${reached.length} of ${all.length}`,
    ];
  });
  const columns = ['token requests, random hours', 'fewest', 'median', 'most', 'mean saving'];
  return { columns: [...columns, `${AIMS.requests} % reached`], rows };
}

function aimsOf(old: Cost, now: Cost): Aim[] {
  const aim = (what: string, percent: number, was: number, is: number): Aim => ({
    what: `fewer ${what}, ${NORMAL}`,
    aim: `${percent} % or more`,
    measured: `${formatSaving(was, is)} (${isReached(percent, was, is) ? 'reached' : 'missed'})`,
  });
  return [
    aim('Redis keys', AIMS.keys, old.keys.length, now.keys.length),
    aim('Redis byte-seconds', AIMS.byteSeconds, byteSeconds(old), byteSeconds(now)),
    aim('token requests', AIMS.requests, old.requests, now.requests),
  ];
}

const isReached = (percent: number, was: number, is: number): boolean => is * 100 <= was * (100 - percent);

const formatSaving = (was: number, is: number): string => `${(100 * (1 - is / was)).toFixed(1)} %`;

/** The number, what it saves, and a mark where that is less than the aim. */
const judged = (percent: number, was: number, is: number): string =>
  `${isReached(percent, was, is) ? '' : 'MISSED '}${formatRate(is)} (${formatSaving(was, is)})`;
