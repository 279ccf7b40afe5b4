import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));
const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** Local tools first; telemetry off. */
export const toolEnv = {
  ...process.env,
  PATH: `${join(root, 'node_modules', '.bin')}${delimiter}${process.env.PATH}`,
  TURBO_TELEMETRY_DISABLED: '1',
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

/** pnpm keeps a copy of the lockfile it installed from; equal copies mean there is nothing to do. */
function isInstalled() {
  const installed = join(root, 'node_modules', '.pnpm', 'lock.yaml');
  return (
    existsSync(installed) &&
    readFileSync(installed, 'utf8') === readFileSync(join(root, 'pnpm-lock.yaml'), 'utf8')
  );
}

/** Brings node_modules in line with the lockfile; with only Node and npm there. */
export function install() {
  if (isInstalled()) return;
  console.error('Installing dependencies (once) ...');
  const args = [
    '--yes',
    packageManager,
    'install',
    '--frozen-lockfile',
    '--prod=false',
    '--reporter=append-only',
  ];
  if (run('npx', args, { stdio: ['ignore', 2, 2] }) === 0) return;
  console.error(
    'Installing failed; the lines above say why. It needs the npm registry; behind a proxy, set HTTPS_PROXY.',
  );
  process.exit(1);
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
