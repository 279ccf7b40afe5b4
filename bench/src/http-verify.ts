import { createDisposers } from '@romm-netplay/testing';
import {
  encodePost,
  type HttpConnection,
  type LoadResult,
  openHttpConnection,
  pace,
  saturate,
} from './http-load.js';
import { type Contender, interleave, type Results } from './interleave.js';
import {
  type AuthUnderLoad,
  INTERNAL_SECRET,
  newPlayers,
  openConnections,
  startAuth,
  startBareServer,
} from './services.js';
import { formatMs, formatRate, formatRatio, formatSpread, type Report, type Table } from './table.js';

const CONNECTIONS = 32;
/** Long enough for several collections of garbage in every round. */
const PACED_SECONDS = 0.8;
const PATH = '/api/sfu/internal/verify';
const HEADERS = { 'x-romm-sfu-secret': INTERNAL_SECRET };
const HTTP = 'node:http echo';
const EXPRESS = 'express 5 echo';
const OURS = 'ours, internal/verify';

interface Target {
  readonly name: string;
  readonly connections: readonly HttpConnection[];
  /** Requests of a round of about half a second at saturation. */
  readonly count: number;
  requests(count: number): Promise<readonly Buffer[]> | readonly Buffer[];
}

/** Verifying and using up a write token over HTTP, every request with one that was never used. */
export async function benchHttpVerify(onRound: (done: number, total: number) => void): Promise<Report> {
  const disposers = createDisposers();
  try {
    const auth = await startAuth(disposers);
    const [sample] = await auth.mint('write', newPlayers(1));
    const body = JSON.stringify({ token: sample });
    const echoEnv = { REPLY: await replyOf(auth.url, body) };
    const httpUrl = await startBareServer(disposers, 'http-echo', echoEnv);
    const expressUrl = await startBareServer(disposers, 'express-echo', echoEnv);
    const open = (url: string) => openConnections(disposers, url, CONNECTIONS);
    const echoRequests = (url: string) => {
      const request = encodePost(url + PATH, HEADERS, body);
      return (count: number) => Array.from({ length: count }, () => request);
    };
    const targets: Target[] = [
      { name: HTTP, connections: await open(httpUrl), count: 8_000, requests: echoRequests(httpUrl) },
      {
        name: EXPRESS,
        connections: await open(expressUrl),
        count: 3_000,
        requests: echoRequests(expressUrl),
      },
      { name: OURS, connections: await open(auth.url), count: 3_000, requests: verifyRequests(auth) },
    ];
    return await measure(targets, onRound);
  } finally {
    await disposers.closeAll();
  }
}

async function measure(
  targets: readonly Target[],
  onRound: (done: number, total: number) => void,
): Promise<Report> {
  const plan = { rounds: 7, warmUpRounds: 2 };
  const total = 2 * (plan.rounds + plan.warmUpRounds);
  const saturated = await interleave(targets.map(saturating), {
    ...plan,
    onRound: (done) => onRound(done, total),
  });
  const halves = targets.map((target) => pacing(target, saturated.median(target.name, 'perSecond') / 2));
  const half = await interleave(halves, { ...plan, onRound: (done) => onRound(done + total / 2, total) });
  const ratio = formatRatio(saturated.ratio(OURS, EXPRESS, 'perSecond'));
  const p99Ms = formatMs(half.median(OURS, 'p99Ms'));
  return {
    title: `POST ${PATH}`,
    tables: [tableOf(saturated, half)],
    aims: [
      { what: 'ours to a bare express echo', aim: '0.80x or more', measured: ratio },
      { what: 'p99 at half load', aim: 'under 10 ms', measured: `${p99Ms} ms` },
    ],
  };
}

function saturating({ name, connections, count, requests }: Target): Contender<keyof LoadResult> {
  return {
    name,
    async prepare() {
      const prepared = await requests(count);
      return () => saturate(connections, prepared);
    },
  };
}

function pacing({ name, connections, requests }: Target, perSecond: number): Contender<keyof LoadResult> {
  return {
    name,
    async prepare() {
      const prepared = await requests(Math.round(perSecond * PACED_SECONDS));
      return () => pace(connections, prepared, perSecond);
    },
  };
}

function tableOf(saturated: Results<keyof LoadResult>, half: Results<keyof LoadResult>): Table {
  const rows = saturated.names.map((name) => [
    name,
    formatRate(saturated.median(name, 'perSecond')),
    formatSpread(saturated.spread(name, 'perSecond')),
    formatRatio(saturated.ratio(name, HTTP, 'perSecond')),
    formatRatio(saturated.ratio(name, EXPRESS, 'perSecond')),
    formatMs(saturated.median(name, 'p50Ms')),
    formatMs(saturated.median(name, 'p99Ms')),
    formatMs(half.median(name, 'p50Ms')),
    formatMs(half.median(name, 'p99Ms')),
  ]);
  const measures = ['req/s', 'spread', 'to node:http', 'to express', 'p50 ms', 'p99 ms'];
  return { columns: [`${CONNECTIONS} connections`, ...measures, 'half load p50', 'half load p99'], rows };
}

/** Minted right before each round: a write token lives for 30 s. */
const verifyRequests = (auth: AuthUnderLoad) => async (count: number) => {
  const tokens = await auth.mint('write', newPlayers(count));
  return tokens.map((token) => encodePost(auth.url + PATH, HEADERS, JSON.stringify({ token })));
};

/** A real answer: what the echo servers answer with, so that all send as many bytes. */
async function replyOf(url: string, body: string): Promise<string> {
  const connection = await openHttpConnection(url);
  try {
    const { status, body: reply } = await connection.send(encodePost(url + PATH, HEADERS, body));
    if (status !== 200) throw new Error(`The first verification was answered ${status}: ${reply}`);
    return reply;
  } finally {
    connection.close();
  }
}
