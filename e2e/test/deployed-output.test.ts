/**
 * Runs what the images consist of the way the containers would: there is no Docker engine here. The output of
 * scripts/deploy.mjs, moved as COPY moves it, is started with the entry point of the Dockerfile and the
 * environment of compose.yaml; only places that exist inside the containers alone are replaced.
 */
import { spawnSync } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { connectNetplay } from '@romm-netplay/client';
import { AUTH_API } from '@romm-netplay/protocol/auth-api';
import { SFU_API } from '@romm-netplay/protocol/sfu-api';
import {
  createDisposers,
  eventually,
  freePort,
  type RedisServer,
  startRedisServer,
  startServiceProcess,
} from '@romm-netplay/testing';
import { WebSocket } from 'ws';
import { startBrowser } from './support/browser.js';
import { type ComposePath, readComposeEnvironment } from './support/compose.js';
import {
  type App,
  deploy,
  type Environment,
  readDeployed,
  readImage,
  readStages,
  readText,
  ROOT,
} from './support/deploy.js';

const APPS: readonly App[] = ['auth', 'sfu'];
const COMPOSE: ComposePath = 'infra/compose.yaml';
const COMPOSE_NO_REDIS_SFU: ComposePath = 'infra/compose.no-redis-sfu.yaml';
const MODES = [
  { mode: 'over one Redis', files: [COMPOSE] },
  { mode: 'with an SFU node without Redis', files: [COMPOSE, COMPOSE_NO_REDIS_SFU] },
];

describe('the Dockerfile', () => {
  test('what the Dockerfile copies exists and is in its build context', async () => {
    const context = (await readText('infra/docker/Dockerfile.dockerignore'))
      .split('\n')
      .flatMap((line) => (line.startsWith('!') ? [line.slice(1)] : []));
    expect(context.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);

    const stages = [...(await readStages()).values()].flatMap(({ instructions }) => instructions);
    const copies = stages.filter(({ name }) => name === 'COPY').map(({ value }) => value.split(/\s+/));
    const fromContext = copies.filter(([first]) => !first?.startsWith('--from='));
    const sources = fromContext.flatMap((words) => words.slice(0, -1)).filter((source) => source !== '.');
    expect(sources).not.toEqual([]);
    expect(sources.filter((source) => !context.includes(source))).toEqual([]);

    const built = stages.filter(({ name }) => name === 'RUN').map(({ value }) => value);
    const fromBuild = copies.flatMap(([first, source]) => (first === '--from=build' ? [source] : []));
    expect(fromBuild).toEqual(['/deployed/auth', '/deployed/sfu']);
    for (const app of APPS)
      expect(built.join('\n')).toContain(`node scripts/deploy.mjs ${app} /deployed/${app}`);
  });

  test.each(APPS)('the %s image does not run as root', async (app) => {
    expect((await readImage(app)).user).toMatch(/^[1-9]\d*:/);
  });
});

describe('deployed output', () => {
  const disposers = createDisposers();
  let directory: string;
  let secretFile: string;
  let redis: RedisServer;
  const deployed = (app: App) => join(directory, app);

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'netplay-deployed-'));
    secretFile = join(directory, 'secret');
    await writeFile(secretFile, randomBytes(32).toString('hex'));
    redis = await startRedisServer();
    // One after the other: both build the packages they share.
    for (const app of APPS) {
      await deploy(app, join(directory, 'build', app));
      await rename(join(directory, 'build', app), deployed(app));
    }
  }, 180_000);

  afterEach(() => disposers.closeAll());

  afterAll(async () => {
    await redis.close();
    await rm(directory, { recursive: true });
  });

  /** Starts one service as its container would be; `places` maps addresses inside containers to real ones. */
  async function start(app: App, files: readonly ComposePath[], places: Environment, port = 0) {
    const image = await readImage(app);
    const given = { ...image.env, ...(await readComposeEnvironment(app, files)) };
    const env = Object.fromEntries(
      Object.entries(given).map(([name, value]) => [name, places[value] ?? value]),
    );
    const [node, entry] = image.entrypoint;
    expect(node).toBe('node');
    const service = await startServiceProcess({
      entry: entry!,
      cwd: deployed(app),
      env: { ...env, PORT: String(port), HOST: '127.0.0.1' },
    });
    return disposers.use({ ...service, url: service.urls[app]! });
  }

  async function startBoth(files: readonly ComposePath[] = [COMPOSE]) {
    const dataDir = await mkdtemp(join(directory, 'data-'));
    const places = {
      'redis://redis:6379': redis.url,
      '/run/secrets/sfu_internal_secret': secretFile,
      '/data': dataDir,
    };
    const auth = await start('auth', files, places);
    const sfu = await start('sfu', files, { ...places, 'http://auth:3100': auth.url });
    return { auth, sfu, dataDir };
  }

  test.each(APPS)('%s holds its production packages and nothing else', async (app) => {
    const { packages, files, strayLinks } = await readDeployed(deployed(app));
    expect([...packages]).toEqual(expect.arrayContaining(['express', '@romm-netplay/token-core', 'redis']));
    const development = await Promise.all(
      ['package.json', `apps/${app}/package.json`].map(async (path) => {
        const { devDependencies } = JSON.parse(await readText(path)) as {
          devDependencies: Record<string, string>;
        };
        return Object.keys(devDependencies);
      }),
    );
    expect(development.flat()).toEqual(expect.arrayContaining(['typescript', 'jest', 'supertest']));
    // What token-core needs in production, tests of the apps may need too.
    const { dependencies } = JSON.parse(await readText('packages/token-core/package.json')) as {
      dependencies: Record<string, string>;
    };
    // engine.io brings declarations along as dependencies of its own.
    const brought = ['@types/node', '@types/ws'];
    const onlyForTests = development
      .flat()
      .filter((name) => !(name in dependencies) && !brought.includes(name));
    expect(onlyForTests.filter((name) => packages.has(name))).toEqual([]);
    const own = files.filter((path) => !/node_modules\/(?!\.pnpm\/|@romm-netplay\/)/.test(path));
    expect(own.filter((path) => /(?<!\.d)\.ts$|\.test\.js$/.test(path))).toEqual([]);
    expect(strayLinks).toEqual([]);
  });

  test.each(MODES)('a player opens a room and SIGTERM ends both cleanly, $mode', async ({ files }) => {
    const { auth, sfu } = await startBoth(files);
    for (const { url } of [auth, sfu]) {
      await eventually(async () => expect((await fetch(`${url}/readyz`)).status).toBe(200));
    }

    const playerId = randomUUID();
    const readToken = await mint(auth.url, playerId, 'read');
    const writeToken = await mint(auth.url, playerId, 'write');
    const player = await connectNetplay({ sfuUrl: sfu.url, token: readToken, WebSocket });
    const opened = await player.request('open-room', { room_name: 'in-a-container', token: writeToken });
    expect(opened).toMatchObject({ slot: 0, room: { users: [{ is_owner: true }] } });
    await player.request('leave-room', {});
    await expect(
      player.request('open-room', { room_name: 'once-more', token: writeToken }),
    ).rejects.toMatchObject({ code: 'token_used' });

    await player.request('open-room', {
      room_name: 'listed',
      token: await mint(auth.url, playerId, 'write'),
    });
    const headers = { authorization: `Bearer ${readToken}` };
    const listing = await fetch(`${sfu.url}${SFU_API.listRooms.path}`, { headers });
    expect(await listing.json()).toMatchObject({
      listed: { nodeId: 'sfu-1', url: 'http://localhost:3001', current: 1 },
    });

    // The player is still connected.
    expect(await sfu.stop('SIGTERM')).toBe(0);
    expect(await auth.stop('SIGTERM')).toBe(0);
    expect((await player.closed).retry).toBe(true);
  });

  test('auth serves the page to play on, and a player opens a room there', async () => {
    const [authPort, sfuPort] = [await freePort(), await freePort()];
    // Browsers go where the services say that they are.
    const places = {
      'redis://redis:6379': redis.url,
      '/run/secrets/sfu_internal_secret': secretFile,
      '/data': await mkdtemp(join(directory, 'data-')),
      'http://localhost:3100': `http://localhost:${authPort}`,
      'http://localhost:3001': `http://localhost:${sfuPort}`,
      'http://auth:3100': `http://localhost:${authPort}`,
    };
    await start('auth', [COMPOSE], places, authPort);
    const sfu = await start('sfu', [COMPOSE], places, sfuPort);
    await eventually(async () => expect((await fetch(`${sfu.url}/readyz`)).status).toBe(200));

    const browser = disposers.use(await startBrowser());
    const page = await (await browser.newContext()).newPage();
    const answers: { readonly path: string; readonly status: number }[] = [];
    page.on('response', (response) => {
      answers.push({ path: new URL(response.url()).pathname, status: response.status() });
    });
    // That nobody is signed in yet is an answer, too.
    const failed = () => answers.filter(({ status }) => status >= 400 && status !== 401);
    await page.goto(`http://localhost:${authPort}/play/`);
    // What scripts import is among them.
    expect(answers.map(({ path }) => path)).toContain('/play/netplay-federation.js');
    expect(failed()).toEqual([]);
    await page.getByRole('button', { name: 'Play as a made-up player' }).click();
    await page.locator('#open').getByLabel('Name').fill('in-a-container');
    await page.getByRole('button', { name: 'Open' }).click();
    await page.getByRole('heading', { name: 'in-a-container' }).waitFor();
    expect(failed()).toEqual([]);
  }, 60_000);

  test('running writes to its data directory only, so the root file system can be read-only', async () => {
    const before = await Promise.all(APPS.map((app) => readDeployed(deployed(app))));
    const { auth, sfu, dataDir } = await startBoth();
    await eventually(async () => expect((await fetch(`${sfu.url}/readyz`)).status).toBe(200));
    await sfu.stop();
    await auth.stop();
    expect(await Promise.all(APPS.map((app) => readDeployed(deployed(app))))).toEqual(before);
    expect((await readdir(dataDir)).sort()).toEqual(['key-encryption-key', 'pglite']);
  });

  test.each(APPS)('the health check of the %s image tells a live service from a dead one', async (app) => {
    const { [app]: service } = await startBoth();
    const [node, ...args] = (await readImage(app)).healthcheck;
    expect(node).toBe('node');
    const check = (port: number) =>
      spawnSync(process.execPath, args, { env: { PORT: String(port) }, timeout: 20_000 }).status;
    expect(check(Number(new URL(service.url).port))).toBe(0);
    expect(check(await freePort())).toBe(1);
  });
});

async function mint(authUrl: string, playerId: string, tokenType: 'read' | 'write'): Promise<string> {
  const response = await fetch(`${authUrl}${AUTH_API.mintToken.path}`, {
    method: AUTH_API.mintToken.method,
    headers: { authorization: `Bearer ${playerId}`, 'content-type': 'application/json' },
    body: JSON.stringify({ token_type: tokenType }),
  });
  return AUTH_API.mintToken.reply.parse(await response.json()).token;
}
