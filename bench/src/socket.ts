import { createDisposers, type Disposers } from '@romm-netplay/testing';
import { type Contender, interleave, quantile } from './interleave.js';
import { openRawSocket, type RawSocket } from './raw-socket.js';
import {
  type AuthUnderLoad,
  inFlight,
  newPlayers,
  startAuth,
  startBareServer,
  startSfu,
} from './services.js';
import { formatMs, formatRate, formatRatio, formatSpread, type Report } from './table.js';

const WORKERS = 16;
const SOCKETS = 600;
const PATH = '/ws';
const SUBPROTOCOL = 'netplay.v1';
const BARE = 'bare ws: connect';
const BARE_ECHO = 'bare ws: connect + 2 echoes';
const HELLO = 'ours: connect + hello';
const JOIN = 'ours: connect + hello + join';

interface Tokens {
  readonly read: string;
  readonly write: string;
}
type Visit = (socket: RawSocket, tokens: Tokens, worker: number) => Promise<void>;

/** Players coming and going: every socket is opened, used and closed again, by another player each time. */
export async function benchSocket(onRound: (done: number, total: number) => void): Promise<Report> {
  const disposers = createDisposers();
  try {
    const auth = await startAuth(disposers);
    const sfuUrl = await startSfu(disposers, auth);
    const wsUrl = await startBareServer(disposers, 'ws-echo');
    await openRooms(disposers, auth, sfuUrl);
    const [sample] = await mintTokens(auth, 1);
    const samePlayer = () => Promise.resolve(Array.from({ length: SOCKETS }, () => sample!));
    const newPlayersEach = () => mintTokens(auth, SOCKETS);
    const contenders = [
      contender(BARE, wsUrl, samePlayer, () => Promise.resolve()),
      contender(BARE_ECHO, wsUrl, samePlayer, async (socket, { read, write }) => {
        await socket.request('hello', { token: read });
        await socket.request('join-room', { room_name: roomName(0), token: write });
      }),
      contender(HELLO, sfuUrl, newPlayersEach, async (socket, { read }) => {
        await accepted(socket, 'hello', { token: read });
      }),
      contender(JOIN, sfuUrl, newPlayersEach, async (socket, { read, write }, worker) => {
        await accepted(socket, 'hello', { token: read });
        await accepted(socket, 'join-room', { room_name: roomName(worker), token: write });
      }),
    ];
    const results = await interleave(contenders, { rounds: 9, warmUpRounds: 2, onRound });
    const rows = results.names.map((name) => [
      name,
      formatRate(results.median(name, 'perSecond')),
      formatSpread(results.spread(name, 'perSecond')),
      formatRatio(results.ratio(name, BARE, 'perSecond')),
      formatRatio(results.ratio(name, BARE_ECHO, 'perSecond')),
      formatMs(results.median(name, 'p50Ms')),
      formatMs(results.median(name, 'p99Ms')),
    ]);
    const columns = [
      `${WORKERS} in flight`,
      'sockets/s',
      'spread',
      'to bare',
      'to echoes',
      'p50 ms',
      'p99 ms',
    ];
    return { title: 'Sockets: connect, hello, join, close', tables: [{ columns, rows }], aims: [] };
  } finally {
    await disposers.closeAll();
  }
}

const roomName = (worker: number) => `bench-room-${worker}`;

/** A room a worker with a host who stays, so that every visitor joins somebody. */
async function openRooms(disposers: Disposers, auth: AuthUnderLoad, sfuUrl: string): Promise<void> {
  for (const [worker, { read, write }] of (await mintTokens(auth, WORKERS)).entries()) {
    const socket = disposers.use(await openRawSocket(sfuUrl, PATH, SUBPROTOCOL));
    await accepted(socket, 'hello', { token: read });
    await accepted(socket, 'open-room', { room_name: roomName(worker), max_players: 16, token: write });
  }
}

/** A pair for each of `count` new players. */
async function mintTokens(auth: AuthUnderLoad, count: number): Promise<Tokens[]> {
  const players = newPlayers(count);
  const readTokens = await auth.mint('read', players);
  const writeTokens = await auth.mint('write', players);
  return readTokens.map((read, index) => ({ read, write: writeTokens[index]! }));
}

function contender(
  name: string,
  url: string,
  tokensOfRound: () => Promise<Tokens[]>,
  visit: Visit,
): Contender<'perSecond' | 'p50Ms' | 'p99Ms'> {
  return {
    name,
    async prepare() {
      const tokens = await tokensOfRound();
      return () => visitAll(url, tokens, visit);
    },
  };
}

async function visitAll(url: string, tokens: readonly Tokens[], visit: Visit) {
  const latencies: number[] = [];
  const startedAt = performance.now();
  await inFlight(WORKERS, tokens, async (mine, worker) => {
    const connectingAt = performance.now();
    const socket = await openRawSocket(url, PATH, SUBPROTOCOL);
    await visit(socket, mine, worker);
    latencies.push(performance.now() - connectingAt);
    await socket.close();
  });
  return {
    perSecond: (tokens.length * 1000) / (performance.now() - startedAt),
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
  };
}

async function accepted(socket: RawSocket, type: string, data: object): Promise<void> {
  const reply = await socket.request(type, data);
  if (reply.ok !== true) throw new Error(`${type} was refused under load: ${JSON.stringify(reply)}`);
}
