import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { createFederatedClient, type FederatedClient } from '@romm-netplay/client/federation';
import { type Administered, befriend, changeIssuer } from '@romm-netplay/standalone/demo/administrator';
import { createDisposers, type Disposers, eventually, startServiceProcess } from '@romm-netplay/testing';
import { WebSocket } from 'ws';
import { type Contender, interleave, quantile } from './interleave.js';
import { dataDirectory } from './services.js';
import { formatMs, formatRatio, formatSpread, type Report } from './table.js';

const ROOM = 'bench-room';
const VISITS = 60;
const HOME = 'players of the same instance';
const ELSEWHERE = 'players of another instance';

/** Joining a room of another instance against joining it at home, by the SDK (P2.9). */
export async function benchJoinElsewhere(onRound: (done: number, total: number) => void): Promise<Report> {
  const disposers = createDisposers();
  try {
    const [host, home] = [await startInstance(disposers), await startInstance(disposers)];
    await befriend(host, home, { inviterGrants: ['rooms:list', 'rooms:join'], invitedGrants: [] });
    const quotas = { sockets: 1_000, rooms: 10, entries_per_minute: 100_000 };
    await changeIssuer(host, home.issuer, { quotas });
    const owner = playerOf(disposers, host);
    await owner.openRoom({ name: ROOM, visibility: 'federated', maxPlayers: 16 });
    const [native, guest] = [playerOf(disposers, host), playerOf(disposers, home)];
    await guest.giveConsent(host.issuer);
    await eventually(async () => (await guest.federatedRooms()).foreignRooms.length === 1, 30_000);
    const contenders = [
      contender(HOME, () => native.joinRoom({ name: ROOM })),
      contender(ELSEWHERE, () => guest.joinRoom({ name: ROOM, instance: host.issuer })),
    ];
    const results = await interleave(contenders, { rounds: 9, warmUpRounds: 2, onRound });
    const rows = results.names.map((name) => [
      name,
      formatMs(results.median(name, 'p50Ms')),
      formatSpread(results.spread(name, 'p50Ms')),
      formatMs(results.median(name, 'p99Ms')),
      formatRatio(results.ratio(name, HOME, 'p50Ms')),
    ]);
    const columns = ['token, connect, hello, join', 'p50 ms', 'spread', 'p99 ms', 'p50 to home'];
    return { title: 'Joining: at home and elsewhere', tables: [{ columns, rows }], aims: [] };
  } finally {
    await disposers.closeAll();
  }
}

interface RunningInstance extends Administered {
  readonly sfuUrl: string;
}

async function startInstance(disposers: Disposers): Promise<RunningInstance> {
  const adminKey = randomUUID();
  const entry = fileURLToPath(import.meta.resolve('@romm-netplay/standalone/main'));
  const ports = { AUTH_PORT: '0', SFU_PORT: '0' };
  const limits = { SFU_MAX_SOCKETS_PER_ADDRESS: '10000' };
  const env = { ...ports, ...limits, DATA_DIR: await dataDirectory(disposers), ADMIN_API_KEY: adminKey };
  const service = disposers.use(await startServiceProcess({ entry, env, services: 3 }));
  const { auth: authUrl = '', sfu: sfuUrl = '' } = service.urls;
  const configuration = await fetch(`${authUrl}/.well-known/netplay-configuration`);
  const { issuer } = (await configuration.json()) as { issuer: string };
  return { issuer, authUrl, sfuUrl, adminKey };
}

function playerOf(disposers: Disposers, { authUrl, sfuUrl }: RunningInstance): FederatedClient {
  const id = randomUUID();
  const identity = () => `Bearer ${id}`;
  return disposers.use(createFederatedClient({ authUrl, sfuUrl, identity, WebSocket }));
}

function contender(
  name: string,
  join: () => ReturnType<FederatedClient['joinRoom']>,
): Contender<'p50Ms' | 'p99Ms'> {
  return {
    name,
    prepare: () => async () => {
      const latencies: number[] = [];
      for (let visit = 0; visit < VISITS; visit += 1) {
        const startedAt = performance.now();
        const room = await join();
        latencies.push(performance.now() - startedAt);
        await room.leave();
      }
      return { p50Ms: quantile(latencies, 0.5), p99Ms: quantile(latencies, 0.99) };
    },
  };
}
