import { createDisposers, type Disposers, freePort } from '@romm-netplay/testing';
import { quantile } from './interleave.js';
import { openRawSocket, type RawSocket } from './raw-socket.js';
import {
  type AuthUnderLoad,
  inFlight,
  newPlayers,
  startAuth,
  startBareServer,
  startSfu,
} from './services.js';
import { formatMs, formatRatio, type Report } from './table.js';

const PLAYERS_PER_ROOM = 4;
const INPUTS_PER_SECOND = 60;
const INPUT_BYTES = 16;
/** Where a timestamp stands in what arrives: behind channel and slot, or behind the channel alone. */
const STAMP_AT = { ours: 2, bare: 1 } as const;
const LIMIT_P99_MS = 10;
const STEP_ROOMS = 20;
const MAX_ROOMS = 300;
const MEASURED_MS = 2_000;
/** Of so many rounds, taken in turn, the median counts: one hiccup of the machine is not the relay's limit. */
const ROUNDS = 3;
const SETTLING_MS = 500;
/** Players do not press in step, so the inputs of a sixtieth of a second are spread over it. */
const GROUPS = 8;
const IDLE_SOCKETS = 8_000;
const IDLE_ROOMS = 500;

type Name = keyof typeof STAMP_AT;
const NAMES = ['bare', 'ours'] as const satisfies readonly Name[];

/** Rooms of four that send 60 inputs a second each, more and more of them until the relay falls behind. */
export async function benchRelay(onRound: (done: number, total: number) => void): Promise<Report> {
  const disposers = createDisposers();
  try {
    const auth = await startAuth(disposers);
    // First, on a node of its own: what thousands of sockets leave behind is not the relay's to clear away.
    const memory = await measureMemory(auth);
    const sfuUrl = await startSfu(disposers, auth);
    const bareUrl = await startBareServer(disposers, 'ws-rooms');
    const join: Record<Name, JoinRoom> = {
      ours: (room, onInput) => joinOurs(auth, sfuUrl, room, onInput),
      bare: (room, onInput) => joinBare(bareUrl, room, onInput),
    };
    const rows: string[][] = [];
    const most: Record<Name, number> = { ours: 0, bare: 0 };
    const games: Record<Name, Game> = { ours: newGame(disposers), bare: newGame(disposers) };
    for (let rooms = STEP_ROOMS; rooms <= MAX_ROOMS; rooms += STEP_ROOMS) {
      const cells = [String(rooms)];
      // Whoever has fallen behind is not measured again.
      const names = NAMES.filter((name) => most[name] === rooms - STEP_ROOMS);
      for (const name of names) {
        while (games[name].rooms < rooms) await addRoom(games[name], name, join[name]);
      }
      const latencies = await playInTurn(games, names);
      for (const name of NAMES) {
        const measured = latencies.get(name);
        if (measured !== undefined && measured.p99Ms <= LIMIT_P99_MS) most[name] = rooms;
        cells.push(...(measured ? [formatMs(measured.p50Ms), formatMs(measured.p99Ms)] : ['-', '-']));
      }
      rows.push(cells);
      onRound(rooms / STEP_ROOMS, MAX_ROOMS / STEP_ROOMS);
      if (most.ours < rooms && most.bare < rooms) break;
    }
    onRound(1, 1);
    const columns = ['rooms of 4', 'bare p50 ms', 'bare p99 ms', 'ours p50 ms', 'ours p99 ms'];
    const summary = [
      ['bare ws', String(most.bare), formatRatio(1)],
      ['ours', String(most.ours), formatRatio(most.ours / most.bare)],
    ];
    return {
      title: 'Relay: 60 inputs a second from each of four players',
      tables: [
        { columns, rows },
        { columns: [`p99 of ${LIMIT_P99_MS} ms or less`, 'rooms', 'to bare'], rows: summary },
        { columns: ['resident memory of the node', 'KB each'], rows: memory },
      ],
      aims: [],
    };
  } finally {
    await disposers.closeAll();
  }
}

/** Opens the sockets of one room; `onInput` is called with every frame that arrives. */
type JoinRoom = (room: number, onInput: (frame: Buffer) => void) => Promise<RawSocket[]>;

interface Game {
  rooms: number;
  readonly players: RawSocket[];
  latencies: number[];
  readonly disposers: Disposers;
}
const newGame = (disposers: Disposers): Game => ({ rooms: 0, players: [], latencies: [], disposers });

async function addRoom(game: Game, name: Name, join: JoinRoom): Promise<void> {
  const onInput = (frame: Buffer) => {
    game.latencies.push(performance.now() - frame.readDoubleLE(STAMP_AT[name]));
  };
  for (const socket of await join(game.rooms, onInput)) {
    game.disposers.defer(() => socket.close());
    game.players.push(socket);
  }
  game.rooms += 1;
}

interface Latency {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

async function playInTurn(
  games: Readonly<Record<Name, Game>>,
  names: readonly Name[],
): Promise<Map<Name, Latency>> {
  const rounds = new Map<Name, Latency[]>(names.map((name) => [name, []]));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [name, played] of rounds) played.push(await play(games[name]));
  }
  const median = (played: readonly Latency[], measure: keyof Latency) =>
    quantile(
      played.map((latency) => latency[measure]),
      0.5,
    );
  return new Map(
    [...rounds].map(([name, played]) => [
      name,
      { p50Ms: median(played, 'p50Ms'), p99Ms: median(played, 'p99Ms') },
    ]),
  );
}

async function play(game: Game): Promise<Latency> {
  const everyMs = 1000 / INPUTS_PER_SECOND / GROUPS;
  const startedAt = performance.now();
  let ticks = 0;
  const timer = setInterval(() => {
    // Timers are late by a millisecond or so; the number of inputs a second is what counts.
    for (const due = (performance.now() - startedAt) / everyMs; ticks < due; ticks += 1) {
      for (let index = ticks % GROUPS; index < game.players.length; index += GROUPS) {
        game.players[index]!.sendBinary(newInput());
      }
    }
  }, 1);
  await wait(SETTLING_MS);
  game.latencies = [];
  await wait(MEASURED_MS);
  clearInterval(timer);
  const { latencies } = game;
  await wait(SETTLING_MS);
  return { p50Ms: quantile(latencies, 0.5), p99Ms: quantile(latencies, 0.99) };
}

function newInput(): Buffer {
  const frame = Buffer.alloc(1 + INPUT_BYTES);
  frame.writeDoubleLE(performance.now(), 1);
  return frame;
}

async function joinOurs(
  auth: AuthUnderLoad,
  url: string,
  room: number,
  onInput: (frame: Buffer) => void,
): Promise<RawSocket[]> {
  const players = newPlayers(PLAYERS_PER_ROOM);
  const readTokens = await auth.mint('read', players);
  const writeTokens = await auth.mint('write', players);
  const sockets: RawSocket[] = [];
  for (const [index, token] of writeTokens.entries()) {
    const socket = await openRawSocket(url, '/ws', 'netplay.v1', onInput);
    await accepted(socket, 'hello', { token: readTokens[index] });
    await accepted(socket, index === 0 ? 'open-room' : 'join-room', { room_name: `relay-${room}`, token });
    sockets.push(socket);
  }
  return sockets;
}

async function joinBare(url: string, room: number, onInput: (frame: Buffer) => void): Promise<RawSocket[]> {
  const sockets: RawSocket[] = [];
  for (let index = 0; index < PLAYERS_PER_ROOM; index += 1) {
    const socket = await openRawSocket(url, `/room-${room}`, 'netplay.v1', onInput);
    await socket.request('hello', {});
    sockets.push(socket);
  }
  return sockets;
}

/** What a socket that has said hello costs, and what a room with one player costs on top of its socket. */
async function measureMemory(auth: AuthUnderLoad): Promise<string[][]> {
  const disposers = createDisposers();
  const metricsPort = String(await freePort());
  const sfuUrl = await startSfu(disposers, auth, { METRICS_PORT: metricsPort });
  const readTokens = await auth.mint('read', newPlayers(IDLE_SOCKETS));
  const kilobytes = () => residentKilobytes(metricsPort);
  try {
    const before = await kilobytes();
    await inFlight(16, readTokens, async (token) => {
      const socket = disposers.use(await openRawSocket(sfuUrl, '/ws', 'netplay.v1'));
      await accepted(socket, 'hello', { token });
    });
    const withSockets = await kilobytes();
    for (let room = 0; room < IDLE_ROOMS; room += 1) {
      const [player] = newPlayers(1) as [string];
      const [[read], [write]] = [await auth.mint('read', [player]), await auth.mint('write', [player])];
      const socket = disposers.use(await openRawSocket(sfuUrl, '/ws', 'netplay.v1'));
      await accepted(socket, 'hello', { token: read });
      await accepted(socket, 'open-room', { room_name: `idle-${room}`, token: write });
    }
    const withRooms = await kilobytes();
    const perSocket = (withSockets - before) / IDLE_SOCKETS;
    return [
      [`idle socket (of ${IDLE_SOCKETS})`, perSocket.toFixed(1)],
      [
        `room and the socket of its owner (of ${IDLE_ROOMS})`,
        ((withRooms - withSockets) / IDLE_ROOMS).toFixed(1),
      ],
    ];
  } finally {
    await disposers.closeAll();
  }
}

async function residentKilobytes(metricsPort: string): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
  const bytes = /^process_resident_memory_bytes\{[^}]*\} (\S+)$/m.exec(text)?.[1];
  if (bytes === undefined) throw new Error('The node tells nothing of its memory at /metrics.');
  return Number(bytes) / 1024;
}

async function accepted(socket: RawSocket, type: string, data: object): Promise<void> {
  const reply = await socket.request(type, data);
  if (reply.ok !== true) throw new Error(`${type} was refused: ${JSON.stringify(reply)}`);
}

const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
