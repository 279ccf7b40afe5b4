/** `npm start`, in a copy of the repository: what it installs, builds, reads and says. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createDisposers, eventually, freePort, startServiceProcess } from '@romm-netplay/testing';
import { ROOT } from './support/deploy.js';

/** New files count before they are committed. */
const ALL = ['--cached', '--others', '--exclude-standard'];
const disposers = createDisposers();
let copy: string;
beforeAll(async () => {
  copy = await mkdtemp(join(tmpdir(), 'netplay-start-'));
  disposers.defer(() => rm(copy, { recursive: true, force: true }));
  const { stdout } = await promisify(execFile)(
    'git',
    ['ls-files', '-z', ...ALL, 'apps', 'packages', 'scripts'],
    {
      cwd: ROOT,
      maxBuffer: 1 << 24,
    },
  );
  const listed = stdout.split('\0').filter((file) => file !== '' && existsSync(join(ROOT, file)));
  const files = [...listed, 'package.json', 'pnpm-lock.yaml', 'tsconfig.base.json'];
  await Promise.all(
    files.map(async (file) => {
      await mkdir(join(copy, dirname(file)), { recursive: true });
      await cp(join(ROOT, file), join(copy, file));
    }),
  );
  // What is installed: links to each other, and what has been downloaded.
  const workspaces = new Set(files.flatMap((file) => /^(?:apps|packages)\/[^/]+/.exec(file) ?? []));
  for (const workspace of workspaces)
    await cp(join(ROOT, workspace, 'node_modules'), join(copy, workspace, 'node_modules'), {
      recursive: true,
      verbatimSymlinks: true,
    }).catch(ignoreMissing);
  await symlink(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
}, 180_000);
afterAll(() => disposers.closeAll());

function ignoreMissing(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
}

const start = async (env: Record<string, string> = {}) =>
  disposers.use(
    await startServiceProcess({ entry: join(copy, 'scripts/start.mjs'), env, services: 3, cwd: copy }),
  );
const dotEnv = (lines: readonly string[]) => writeFile(join(copy, '.env'), lines.join('\n'));
const built = async () => (await stat(join(copy, 'apps/auth/dist/main.js'))).mtimeMs;

describe('npm start', () => {
  it('builds what it runs, reads .env, and says what works with these ports', async () => {
    const [authPort, sfuPort] = [await freePort(), await freePort()];
    await dotEnv([`AUTH_PORT=${authPort}`, `SFU_PORT=1`]);
    const started = await start({ SFU_PORT: String(sfuPort) });
    // The banner follows the lines for programs.
    await eventually(() => started.output().includes('Ctrl-C'));
    const said = started.output();
    expect(said).toContain(`http://localhost:${authPort}/play/ in two browser tabs`);
    expect(said).toContain(`curl -X POST http://127.0.0.1:${authPort}/api/sfu/token`);
    expect(started.urls['sfu']).toBe(`http://127.0.0.1:${sfuPort}`);
    expect(said).not.toMatch(/:3100|:3001/);
    const client = await fetch(`http://127.0.0.1:${authPort}/play/netplay.js`);
    expect(client.status).toBe(200);
    await started.stop();
  }, 60_000);

  it('builds nothing again that has not changed, and what has', async () => {
    await dotEnv(['AUTH_PORT=0', 'SFU_PORT=0']);
    const before = await built();
    await (await start()).stop();
    expect(await built()).toBe(before);
    const source = join(copy, 'apps/auth/src/main.ts');
    await writeFile(source, `${await readFile(source, 'utf8')}\n// changed\n`);
    await (await start()).stop();
    expect(await built()).toBeGreaterThan(before);
  }, 90_000);

  it('gives no advice that its settings make useless', async () => {
    await dotEnv([
      ...['AUTH_PORT=0', 'SFU_PORT=0', 'IDENTITY_PROVIDERS=local'],
      ...['AUTH_ISSUER=http://localhost:3100', 'PUBLIC_URL=http://localhost:3001'],
    ]);
    const started = await start();
    // The banner follows the lines for programs.
    await eventually(() => started.output().includes('Ctrl-C'));
    const said = started.output();
    expect(said).toContain('/play/ and sign in');
    expect(said).not.toMatch(/curl|two browser tabs/);
    const { port } = new URL(started.urls['auth']!);
    expect(said).toContain(`AUTH_ISSUER is http://localhost:3100, but port ${port} is listened on`);
    expect(said).toContain('PUBLIC_URL is http://localhost:3001');
    await started.stop();
  }, 60_000);
});

describe('npm run build and npm run pack:client', () => {
  it.each([
    ['build', 'turbo'],
    ['pack:client', 'packed'],
  ])('%s installs all there is first where npm start has installed a part', async (name, done) => {
    const clone = await mkdtemp(join(tmpdir(), 'netplay-fresh-'));
    disposers.defer(() => rm(clone, { recursive: true, force: true }));
    const tool = (said: string) => `#!/bin/sh\necho "${said} $npm_config_update_notifier $*"\n`;
    await cp(join(ROOT, 'scripts'), join(clone, 'scripts'), { recursive: true });
    for (const file of ['package.json', 'pnpm-lock.yaml']) await cp(join(ROOT, file), join(clone, file));
    for (const directory of ['node_modules/.bin', 'packages/client'])
      await mkdir(join(clone, directory), { recursive: true });
    await cp(join(ROOT, 'pnpm-lock.yaml'), join(clone, 'node_modules/.netplay-partial-lock.yaml'));
    await writeFile(join(clone, 'packages/client/pack.mjs'), "console.log('packed');");
    for (const [path, said] of [
      ['npx', 'install'],
      ['turbo', 'turbo'],
    ] as const)
      await writeFile(join(clone, 'node_modules/.bin', path), tool(said), { mode: 0o755 });
    const { stdout, stderr } = await promisify(execFile)('npm', ['run', '--silent', name], { cwd: clone });
    expect(stderr).toMatch(/^install false --yes pnpm@\S+ install .*--prod=false/m);
    expect(stdout).toContain(done);
  });
});

describe('what npm start installs', () => {
  it('is all that the workspaces it runs import', async () => {
    const { neededToRun } = (await import(join(ROOT, 'scripts/build-to-run.mjs'))) as {
      neededToRun(directory: string): Set<string>;
    };
    const needed = [...neededToRun('apps/standalone')];
    expect(needed).toEqual(expect.arrayContaining(['apps/auth', 'apps/sfu', 'packages/client']));
    expect(needed).not.toContain('packages/testing');
    const root = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as Manifest;
    // The builder itself.
    expect(Object.keys(root.dependencies ?? {})).toEqual(['esbuild']);
    const missing = await Promise.all(needed.map(importedButNotInstalled));
    expect(missing.flat()).toEqual([]);
  });

  it('links to programs that are there before anything is built', async () => {
    const { bin = {} } = JSON.parse(await readFile(join(ROOT, 'apps/auth/package.json'), 'utf8')) as Manifest;
    expect(Object.keys(bin).sort()).toEqual(['netplay-federation', 'netplay-keys', 'netplay-users']);
    for (const [name, path] of Object.entries(bin)) {
      const { stdout } = await promisify(execFile)('git', ['ls-files', '-s', join('apps/auth', path)], {
        cwd: ROOT,
      });
      expect([name, stdout.slice(0, 6)]).toEqual([name, '100755']);
    }
  });
});

interface Manifest {
  readonly name: string;
  readonly dependencies?: Record<string, string>;
  readonly bin?: Record<string, string>;
}

async function importedButNotInstalled(directory: string): Promise<string[]> {
  const manifest = JSON.parse(await readFile(join(ROOT, directory, 'package.json'), 'utf8')) as Manifest;
  const installed = Object.keys(manifest.dependencies ?? {});
  const { stdout } = await promisify(execFile)(
    'git',
    ['grep', '-hE', `from '[^.]`, '--', `${directory}/src`],
    {
      cwd: ROOT,
    },
  );
  const imported = [
    ...stdout.matchAll(/^(?!.*\btype \{?.*import)(?:import|export|\}) ?.*from '([^'.][^']*)'/gm),
  ];
  const runtime = imported
    .filter(([line]) => !/^(?:import|export) type /.test(line))
    .map(([, name = '']) => name);
  const packages = runtime
    .filter((name) => !name.startsWith('node:'))
    .map((name) => /^(?:@[^/]+\/)?[^/]+/.exec(name)![0]);
  return packages.filter((name) => !installed.includes(name)).map((name) => `${directory}: ${name}`);
}
