import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { AUTH_API } from '@romm-netplay/protocol/auth-api';
import { type Administered, callAdmin } from '@romm-netplay/standalone/demo/administrator';
import { createDisposers, type Disposers, eventually, startServiceProcess } from '@romm-netplay/testing';
import { generateSigningKey } from '@romm-netplay/token-core';
import { type Contender, interleave, quantile } from './interleave.js';
import { residentMb } from './resident.js';
import { dataDirectory } from './services.js';
import { formatMs, formatRatio, type Report } from './table.js';

const PEERS = [0, 2, 10, 50];
const ROOMS_EACH = 20;
const ROUND_MS = 10_000;
/** Somebody looks at the list this often, so that the others are asked every five seconds. */
const LOOK_EVERY_MS = 200;
/** Of a hundred answers so many tell of a change, the others that nothing has changed. */
const CHANGED_PERCENT = 30;

const nameOf = (peers: number) => (peers === 0 ? 'no other instance' : `${peers} other instances`);

/** What it costs an instance to keep up with others, as they grow in number (P2.8). */
export async function benchDiscovery(onRound: (done: number, total: number) => void): Promise<Report> {
  const disposers = createDisposers();
  try {
    const others = await startOthers(disposers);
    const subjects = await Promise.all(PEERS.map((peers) => startSubject(disposers, others.origin, peers)));
    const contenders = subjects.map((subject) => contender(subject, () => others.askedBy(subject.peers)));
    const results = await interleave(contenders, { rounds: 3, warmUpRounds: 1, onRound });
    const none = nameOf(0);
    const rows = await Promise.all(
      subjects.map(async ({ name, pid }) => [
        name,
        results.median(name, 'asksPerMinute').toFixed(0),
        results.median(name, 'cpuMsPerSecond').toFixed(1),
        formatRatio(results.ratio(name, none, 'cpuMsPerSecond')),
        `${(await residentMb(pid)).now.toFixed(0)} MB`,
        formatMs(results.median(name, 'p50Ms')),
        formatMs(results.median(name, 'p99Ms')),
        formatRatio(results.ratio(name, none, 'p50Ms')),
      ]),
    );
    const columns = [
      ...[`${ROOMS_EACH} rooms each`, 'asked/min', 'CPU ms/s', 'to none', 'resident'],
      ...['list p50 ms', 'p99 ms', 'p50 to none'],
    ];
    return { title: 'Discovery: keeping up with other instances', tables: [{ columns, rows }], aims: [] };
  } finally {
    await disposers.closeAll();
  }
}

/** Other instances, told apart by the path of their URL; only what they are asked in this bench. */
async function startOthers(disposers: Disposers) {
  /** By the number of instances that the asking one has. */
  const asked = new Map<number, number>();
  let answers = 0;
  const answer: RequestListener = (request, response) => {
    answers += 1;
    const peers = Number(/^\/(\d+)\//.exec(request.url ?? '')?.[1]);
    asked.set(peers, (asked.get(peers) ?? 0) + 1);
    const path = (request.url ?? '').replace(AUTH_API.shareRooms.path, '');
    const issuer = `http://127.0.0.1:${port()}${path}`;
    const isKnown = request.headers['if-none-match'] !== undefined;
    if (isKnown && answers % 100 >= CHANGED_PERCENT) {
      response.writeHead(304).end();
      return;
    }
    const headers = { 'content-type': 'application/json', etag: `"${answers}"` };
    response.writeHead(200, headers).end(JSON.stringify(roomsOf(issuer)));
  };
  const server = createServer(answer);
  const port = () => (server.address() as AddressInfo).port;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  disposers.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    origin: `http://127.0.0.1:${port()}`,
    askedBy: (peers: number) => asked.get(peers) ?? 0,
  };
}

const roomsOf = (issuer: string) => ({
  issuer,
  permissions: ['rooms:list', 'rooms:join'],
  nodes: [issuer],
  rooms: Array.from({ length: ROOMS_EACH }, (_, index) => ({
    room_name: `room ${index} of somebody`,
    current: index % 4,
    max: 4,
    hasPassword: false,
    url: issuer,
    game_id: '12345',
    rom_name: 'A game with a name of ordinary length (Europe)',
    core_type: 'snes9x',
  })),
});

interface Subject {
  readonly peers: number;
  readonly name: string;
  readonly pid: number;
  readonly authUrl: string;
}

async function startSubject(disposers: Disposers, origin: string, peers: number): Promise<Subject> {
  const adminKey = randomUUID();
  const entry = fileURLToPath(import.meta.resolve('@romm-netplay/standalone/main'));
  const ports = { AUTH_PORT: '0', SFU_PORT: '0' };
  const env = { ...ports, DATA_DIR: await dataDirectory(disposers), ADMIN_API_KEY: adminKey };
  const service = disposers.use(await startServiceProcess({ entry, env, services: 3 }));
  const authUrl = service.urls['auth']!;
  const pinned = [(await generateSigningKey('ES256')).publicJwk];
  for (let index = 0; index < peers; index += 1) {
    await register({ issuer: authUrl, authUrl, adminKey }, `${origin}/${peers}/other-${index}`, pinned);
  }
  await eventually(async () => (await look(authUrl)) === peers * ROOMS_EACH, 30_000);
  return { peers, name: nameOf(peers), pid: service.pid, authUrl };
}

async function register(at: Administered, issuer: string, pinned: readonly object[]): Promise<void> {
  const terms = { allow_http: true, allow_private_addresses: true, pinned_keys: pinned };
  const { body, etag } = await callAdmin(at, 'createIssuer', { body: { ...terms, issuer, label: issuer } });
  await callAdmin(at, 'replaceIssuer', { id: body.id, ifMatch: etag, body: { ...body, state: 'active' } });
}

const PLAYER = randomUUID();

/** Answers how many rooms of others are listed. */
async function look(authUrl: string): Promise<number> {
  const response = await fetch(`${authUrl}${AUTH_API.federatedRooms.path}`, {
    headers: { authorization: `Bearer ${PLAYER}` },
  });
  const { foreign_rooms: rooms } = (await response.json()) as { foreign_rooms: unknown[] };
  return rooms.length;
}

type Measure = 'asksPerMinute' | 'cpuMsPerSecond' | 'p50Ms' | 'p99Ms';

function contender({ name, pid, authUrl }: Subject, asked: () => number): Contender<Measure> {
  return {
    name,
    prepare: () => async () => {
      const latencies: number[] = [];
      const [askedBefore, cpuBefore, startedAt] = [asked(), await cpuMs(pid), performance.now()];
      while (performance.now() - startedAt < ROUND_MS) {
        const lookedAt = performance.now();
        await look(authUrl);
        latencies.push(performance.now() - lookedAt);
        await delay(LOOK_EVERY_MS);
      }
      const seconds = (performance.now() - startedAt) / 1000;
      return {
        asksPerMinute: ((asked() - askedBefore) / seconds) * 60,
        cpuMsPerSecond: ((await cpuMs(pid)) - cpuBefore) / seconds,
        p50Ms: quantile(latencies, 0.5),
        p99Ms: quantile(latencies, 0.99),
      };
    },
  };
}

/** Hundredths of a second are what Linux counts in, whatever the machine. */
const TICK_MS = 10;

/** User and system time of a process so far; see proc(5), fields 14 and 15. */
async function cpuMs(pid: number): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).replace(/^.*\) /s, '').split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}
