import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Disposers, startRedisServer, startServiceProcess } from '@romm-netplay/testing';
import { encodePost, type HttpConnection, openHttpConnection } from './http-load.js';

export const ISSUER = 'https://romm.example.org';
export const INTERNAL_SECRET = 'bench-internal-secret-0123456789abcdef';
const LOOPBACK = { HOST: '127.0.0.1', PORT: '0', LOG_LEVEL: 'error' };
const MINTING_CONNECTIONS = 16;
/** Commands a Redis connection takes in a row without refusing any. */
const BATCH = 500;

export interface AuthUnderLoad {
  readonly url: string;
  readonly redisUrl: string;
  /** Fresh tokens, one a player; write tokens live for 30 s. */
  mint(type: 'read' | 'write', players: readonly string[]): Promise<string[]>;
}

/** The real auth service in its own process, over a Redis of its own. */
export async function startAuth(
  disposers: Disposers,
  changes: Readonly<Record<string, string>> = {},
): Promise<AuthUnderLoad> {
  const redis = disposers.use(await startRedisServer());
  const env = {
    ...LOOPBACK,
    AUTH_ISSUER: ISSUER,
    REDIS_URL: redis.url,
    DATA_DIR: await dataDirectory(disposers),
    IDENTITY_PROVIDERS: 'dev',
    ROMM_SFU_INTERNAL_SECRET: INTERNAL_SECRET,
    ...changes,
  };
  const url = await start(disposers, import.meta.resolve('@romm-netplay/auth/main'), env);
  const connections = await openConnections(disposers, url, MINTING_CONNECTIONS);

  return {
    url,
    redisUrl: redis.url,
    async mint(type, players) {
      const tokens: string[] = [];
      const numbered = players.map((player, index) => ({ player, index }));
      await inFlight(MINTING_CONNECTIONS, numbered, async ({ player, index }, worker) => {
        tokens[index] = await mintOne(connections[worker]!, url, type, player);
      });
      return tokens;
    },
  };
}

/** An empty directory for as long as the bench runs. */
export async function dataDirectory(disposers: Disposers): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'netplay-bench-'));
  disposers.defer(() => rm(directory, { recursive: true }));
  return directory;
}

async function mintOne(
  connection: HttpConnection,
  authUrl: string,
  type: string,
  player: string,
): Promise<string> {
  const headers = { authorization: `Bearer ${player}` };
  const body = JSON.stringify({ token_type: type });
  const answer = await connection.send(encodePost(`${authUrl}/api/sfu/token`, headers, body));
  if (answer.status !== 200) throw new Error(`Minting was answered ${answer.status}: ${answer.body}`);
  return (JSON.parse(answer.body) as { token: string }).token;
}

export const openConnections = (
  disposers: Disposers,
  url: string,
  count: number,
): Promise<HttpConnection[]> =>
  Promise.all(Array.from({ length: count }, async () => disposers.use(await openHttpConnection(url))));

/** The real SFU node in its own process, over auth's Redis. */
export function startSfu(
  disposers: Disposers,
  auth: AuthUnderLoad,
  changes: Readonly<Record<string, string>> = {},
): Promise<string> {
  return start(disposers, import.meta.resolve('@romm-netplay/sfu/main'), {
    ...LOOPBACK,
    AUTH_ISSUER: ISSUER,
    ROMM_API_BASE_URL: auth.url,
    REDIS_URL: auth.redisUrl,
    SFU_MAX_SOCKETS_PER_ADDRESS: '10000',
    // Visitors leave for good; kept places would fill the rooms.
    SFU_RECONNECT_GRACE_SECONDS: '0',
    ...changes,
  });
}

/** One of the programs in `servers/`: what the bare library can do. */
export function startBareServer(
  disposers: Disposers,
  name: 'http-echo' | 'express-echo' | 'ws-echo' | 'ws-rooms',
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  return start(disposers, new URL(`servers/${name}.js`, import.meta.url).href, env);
}

async function start(
  disposers: Disposers,
  entry: string,
  env: Readonly<Record<string, string>>,
): Promise<string> {
  const service = disposers.use(await startServiceProcess({ entry: fileURLToPath(entry), env }));
  const [url] = Object.values(service.urls);
  if (url === undefined) throw new Error(`${entry} announced no URL.`);
  return url;
}

/** Ids that the development identity provider takes for signed-in players. */
export const newPlayers = (count: number): string[] => Array.from({ length: count }, () => randomUUID());

/** Runs `work` over all items with `concurrency` of them under way. */
export async function inFlight<T>(
  concurrency: number,
  items: readonly T[],
  work: (item: T, worker: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const run = async (_: unknown, worker: number) => {
    for (let item = items[next++]; item !== undefined; item = items[next++]) await work(item, worker);
  };
  await Promise.all(Array.from({ length: concurrency }, run));
}

export async function inBatches<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  for (let start = 0; start < items.length; start += BATCH) {
    await Promise.all(items.slice(start, start + BATCH).map(work));
  }
}
