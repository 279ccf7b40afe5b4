/** The client as it is published: the tarball alone, in a directory that knows nothing of this repository. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createDisposers, type ServiceProcess, startServiceProcess } from '@romm-netplay/testing';
import { startBrowser } from './support/browser.js';
import { ROOT } from './support/deploy.js';
import { entryOf } from './support/instance.js';

const run = promisify(execFile);
const disposers = createDisposers();
let home: string;
let installed: string;
let instance: ServiceProcess;
let page: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'netplay-package-'));
  disposers.defer(() => rm(home, { recursive: true, force: true }));
  // Into a folder that is made for it.
  await run('npm', ['run', '--silent', 'pack:client', '--', join(home, 'packed', 'here')], { cwd: ROOT });
  await writeFile(join(home, 'package.json'), '{ "type": "module", "private": true }');
  const [tarball = ''] = (await readdir(join(home, 'packed/here'))).filter((name) => name.endsWith('.tgz'));
  // No registry is asked: it needs nothing else.
  await run('npm', ['install', '--offline', '--no-audit', '--no-fund', `./packed/here/${tarball}`], {
    cwd: home,
  });
  installed = join(home, 'node_modules/@romm-netplay/client');
  await cp(join(ROOT, 'examples/node-player/player.mjs'), join(home, 'player.mjs'));
  page = await servePage();
  instance = disposers.use(
    await startServiceProcess({
      entry: entryOf('standalone'),
      env: { AUTH_PORT: '0', SFU_PORT: '0', DATA_DIR: join(home, 'data'), ALLOWED_ORIGINS: page },
      services: 3,
      cwd: home,
    }),
  );
}, 120_000);
afterAll(() => disposers.closeAll());

/** The example page, with the file it wants beside it. */
async function servePage(): Promise<string> {
  const files: Record<string, [type: string, path: string]> = {
    '/': ['text/html', join(ROOT, 'examples/page/index.html')],
    '/netplay.js': ['text/javascript', join(installed, 'dist/browser/netplay.js')],
  };
  const server = createServer((request, response) => {
    const [type, path] = files[(request.url ?? '').replace(/\?.*/, '')] ?? [];
    if (type === undefined || path === undefined) return void response.writeHead(404).end();
    void readFile(path).then((body) => response.writeHead(200, { 'content-type': type }).end(body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  disposers.defer(() => {
    server.closeAllConnections();
    server.close();
    return Promise.resolve();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const urls = () => ({ AUTH_URL: instance.urls['auth']!, SFU_URL: instance.urls['sfu']! });

/** On Node before 22 players need it; the same everywhere when the global one is taken away. */
const NO_WEB_SOCKET = `data:text/javascript,delete globalThis.WebSocket`;
/** What browsers of 2022 did not have yet, and this Node may have. */
const OF_2022 = `
  delete URL.canParse; delete URL.parse; delete AbortSignal.timeout; delete AbortSignal.any;
  delete Promise.withResolvers; delete Promise.try; delete Object.groupBy; delete Map.groupBy;
  delete Array.fromAsync; delete globalThis.Iterator;
  for (const name of ['findLast', 'findLastIndex', 'toSorted', 'toReversed', 'toSpliced', 'with'])
    delete Array.prototype[name];
  for (const name of ['union', 'intersection', 'difference', 'isSubsetOf']) delete Set.prototype[name];
  for (const name of ['isWellFormed', 'toWellFormed']) delete String.prototype[name];
`;

async function withWs<T>(use: () => Promise<T>): Promise<T> {
  const target = join(home, 'node_modules/ws');
  await cp(await realpath(join(ROOT, 'e2e/node_modules/ws')), target, { recursive: true });
  try {
    return await use();
  } finally {
    await rm(target, { recursive: true });
  }
}

async function play(room: string, onOpen: () => void = () => undefined): Promise<string> {
  const args = ['--import', NO_WEB_SOCKET, 'player.mjs', room, '1'];
  const child = spawn(process.execPath, args, { cwd: home, env: { PATH: process.env['PATH'], ...urls() } });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
  child.stdout.on('data', (chunk) => String(chunk).includes('Opened') && onOpen());
  await once(child, 'close');
  return output;
}

describe('packing', () => {
  it('says why it fails', async () => {
    const file = join(home, 'a-file');
    await writeFile(file, '');
    const packing = run('npm', ['run', '--silent', 'pack:client', '--', join(file, 'below')], { cwd: ROOT });
    const { code, stderr } = await packing.then(
      () => ({ code: 0, stderr: '' }),
      (error: unknown) => error as { code: number; stderr: string },
    );
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(/^The client cannot be packed: ENOTDIR[^\n]*\n$/),
    });
  });
});

describe('the tarball', () => {
  it('brings its licence, a README and nothing to install', async () => {
    expect((await readdir(installed)).sort()).toEqual([
      'LICENSE',
      'README.md',
      'dist',
      'package.json',
      'types',
    ]);
    expect(await readdir(join(home, 'node_modules'))).toEqual(expect.not.arrayContaining(['zod', 'ws']));
    const manifest = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8')) as object;
    expect(manifest).not.toHaveProperty('dependencies');
    expect(manifest).not.toHaveProperty('scripts');
  });

  it('has every file that its exports name', async () => {
    const { exports } = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8')) as {
      exports: unknown;
    };
    const named = [...JSON.stringify(exports).matchAll(/:"(\.\/[^"]+)"/g)].map(([, path = '']) => path);
    expect(named.length).toBeGreaterThan(8);
    for (const path of named) expect((await readFile(join(installed, path))).length).toBeGreaterThan(100);
  });

  it('names neither schemas nor this repository', async () => {
    const names = (await readdir(installed, { recursive: true })).filter((name) => /\.(js|ts)$/.test(name));
    const texts = await Promise.all(names.map((name) => readFile(join(installed, name), 'utf8')));
    const telling = names.filter((_, index) =>
      /\bzod\b|_zod|@romm-netplay\/|node:|\bBuffer\b/.test(texts[index]!),
    );
    expect(telling).toEqual([]);
  });

  it('has types that need nothing of Node, and that are right', async () => {
    await writeFile(
      join(home, 'consumer.ts'),
      `import { createNetplayClient, NetplayError } from '@romm-netplay/client';
      import { createFederatedClient } from '@romm-netplay/client/federation';
      const options = { authUrl: 'https://a.example', sfuUrl: 'https://a.example' };
      const netplay = createNetplayClient(options);
      const room = await netplay.openRoom({ name: 'one', extra: { game_id: 7 } });
      room.onFrame(({ payload }) => payload.byteLength.toFixed());
      room.on('chat-message', ({ message }) => message.toUpperCase());
      const names: string[] = (await netplay.rooms()).map((each) => each.room_name);
      const [instance] = await createFederatedClient(options).instances();
      const issuer: string | undefined = instance?.issuer;
      // @ts-expect-error -- there is no such type of request
      await room.request('explode', {});
      // @ts-expect-error -- a name is a text
      await netplay.joinRoom({ name: 7 });
      export const failed = (error: unknown) => (error instanceof NetplayError ? error.code : [names, issuer]);`,
    );
    const tsc = join(ROOT, 'node_modules/typescript-native/bin/tsc');
    const options = ['--strict', '--exactOptionalPropertyTypes', '--noEmit', '--target', 'ES2023'];
    const found = ['--module', 'NodeNext', '--lib', 'ES2023,DOM', '--types', '', '--ignoreConfig'];
    const checked = run(process.execPath, [tsc, ...options, ...found, 'consumer.ts'], { cwd: home });
    await checked.catch((error: unknown) => {
      throw new Error((error as { stdout: string }).stdout);
    });
  });
});

describe('players with the package', () => {
  it('are told what to do on a Node without WebSocket', async () => {
    expect(await play('nowhere')).toMatch(/NetplayError: No WebSocket; install ws or Node 22/);
  });

  it('play with ws, where that is installed', async () => {
    const outputs = await withWs(async () => {
      let isOpen: () => void = () => undefined;
      const opened = new Promise<void>((resolve) => (isOpen = resolve));
      const first = play('friday-night', isOpen);
      await opened;
      return Promise.all([first, play('friday-night')]);
    });
    expect(outputs[0]).toMatch(/Opened friday-night, slot 0\nSlot 1 sent \d+/);
    expect(outputs[1]).toMatch(/Joined friday-night, slot 1\nSlot 0 sent \d+/);
  }, 60_000);

  it.each(['netplay', 'netplay-federation'])(
    'play with %s.js and what browsers of 2022 have',
    async (file) => {
      await writeFile(
        join(home, 'of-2022.mjs'),
        `import { WebSocket } from 'ws';
      const { AUTH_URL: authUrl, SFU_URL: sfuUrl } = process.env;
      ${OF_2022}
      const client = await import('@romm-netplay/client/browser/${file}.js');
      const create = client.createFederatedClient ?? client.createNetplayClient;
      const me = 'Bearer ' + crypto.randomUUID();
      const netplay = create({ authUrl, sfuUrl, WebSocket, identity: () => me });
      const room = await netplay.openRoom({ name: 'old-${file}' });
      console.log((await netplay.rooms()).map((each) => each.room_name).join());
      await room.leave();`,
      );
      const env = { PATH: process.env['PATH'], ...urls() };
      const { stdout } = await withWs(() => run(process.execPath, ['of-2022.mjs'], { cwd: home, env }));
      expect(stdout).toContain(`old-${file}`);
    },
  );

  it('play on the example page', async () => {
    const browser = disposers.use(await startBrowser());
    const profile = await browser.newContext();
    const query = new URLSearchParams({ auth: instance.urls['auth']!, sfu: instance.urls['sfu']! });
    const open = async () => {
      const tab = await profile.newPage();
      await tab.goto(`${page}/?${String(query)}`);
      await tab.locator('#send:not([disabled])').waitFor();
      return tab;
    };
    const [first, second] = [await open(), await open()];
    await first.locator('#send').click();
    await second.getByText('Slot 0 sent 0').waitFor();
    await second.locator('#send').click();
    await first.getByText('Slot 1 sent 0').waitFor();
  }, 60_000);
});
