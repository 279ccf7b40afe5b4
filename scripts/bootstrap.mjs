import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));
const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** Local tools first; telemetry and notices of newer versions off. */
export const toolEnv = {
  ...process.env,
  PATH: `${join(root, 'node_modules', '.bin')}${delimiter}${process.env.PATH}`,
  TURBO_TELEMETRY_DISABLED: '1',
  npm_config_update_notifier: 'false',
  FORCE_COLOR: '0',
};

/** Runs a tool and shows its output; answers its exit code. */
export function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    env: toolEnv,
    stdio: 'inherit',
    ...options,
  });
  if (error) throw error;
  return status ?? 1;
}

/** Runs a tool beside others; answers its exit code and what it printed. */
export function runQuietly(command, args) {
  const child = spawn(command, args, { cwd: root, env: toolEnv, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => resolve({ status: status ?? 1, output }));
  });
}

const modules = join(root, 'node_modules');
/** pnpm keeps a copy of the lockfile it installed from, as far as it installed it. */
const installedLock = join(modules, '.pnpm', 'lock.yaml');
/** The lockfile that `installToRun` installed a part of. */
const partialLock = join(modules, '.netplay-partial-lock.yaml');

const isLock = (path) =>
  existsSync(path) && readFileSync(path, 'utf8') === readFileSync(join(root, 'pnpm-lock.yaml'), 'utf8');

/** Brings node_modules in line with the lockfile; with only Node and npm there. */
export function install() {
  if (isLock(installedLock)) return;
  // What there is may lack the tests' packages; taking it away asks nobody.
  pnpmInstall(['--prod=false', '--config.confirm-modules-purge=false']);
  rmSync(partialLock, { force: true });
}

/**
 * Brings what `npm start` and the demos need in line with the lockfile: no tools of the tests. Where everything
 * has been installed before, it stays so.
 */
export function installToRun() {
  if (isLock(installedLock) || isLock(partialLock)) return;
  if (existsSync(installedLock) && !existsSync(partialLock)) return install();
  // The root has what it takes to build.
  pnpmInstall(['--prod', '--filter=romm-netplay', '--filter=@romm-netplay/standalone...']);
  copyFileSync(join(root, 'pnpm-lock.yaml'), partialLock);
}

function pnpmInstall(options) {
  console.error('Installing dependencies (once) ...');
  const args = [
    '--yes',
    packageManager,
    'install',
    '--frozen-lockfile',
    '--reporter=append-only',
    ...options,
  ];
  if (run('npx', args, { stdio: ['ignore', 2, 2] }) === 0) return;
  console.error(
    'Installing failed; the lines above say why. It needs the npm registry; behind a proxy, set HTTPS_PROXY.',
  );
  process.exit(1);
}

/** Builds what has changed since the last time, as far as it is needed to run: a second or two. */
export async function buildToRun() {
  // Not before esbuild is installed.
  const builder = await import('./build-to-run.mjs');
  await builder.buildToRun();
}

/** Compiles what has changed since the last build. */
export function build() {
  console.error('Building ...');
  const args = ['run', 'build', '--output-logs=errors-only', '--no-update-notifier'];
  const { status, stdout, stderr } = spawnSync('turbo', args, { cwd: root, env: toolEnv, encoding: 'utf8' });
  if (status === 0) return;
  console.error(`${stdout}${stderr}\nBuilding failed; the lines above say where.`);
  process.exit(1);
}
