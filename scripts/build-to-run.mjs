/**
 * Builds what `npm start` and the demos run, and nothing else, in this process: what turbo does for every
 * workspace in one of its own takes ten times as long. Types are not asked about.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { bundles, settings as forBrowsers } from '../packages/client/bundles.mjs';
import { root } from './bootstrap.mjs';
import { transpiling } from './transpiling.mjs';

/** In `dist`, so that whoever builds it in another way takes it away. */
const STAMP = '.built-from';

/** Directories of a workspace and of those that it needs to run. */
export function neededToRun(directory, found = new Set()) {
  if (found.has(directory)) return found;
  found.add(directory);
  const { dependencies = {} } = JSON.parse(readFileSync(join(root, directory, 'package.json'), 'utf8'));
  for (const name of Object.keys(dependencies)) {
    const [, workspace] = /^@romm-netplay\/(.+)$/.exec(name) ?? [];
    if (workspace !== undefined) neededToRun(directoryOf(workspace), found);
  }
  return found;
}

const directoryOf = (workspace) =>
  ['apps', 'packages'].map((parent) => `${parent}/${workspace}`).find((path) => existsSync(join(root, path)));

/** Every file that a build depends on, with its content. */
function fingerprint(directory) {
  const hash = createHash('sha256').update(process.version);
  const shared = ['scripts/build-to-run.mjs', 'scripts/transpiling.mjs', 'packages/client/bundles.mjs'];
  const own = sources(directory).map((file) => `${directory}/${file}`);
  for (const file of [...shared, 'pnpm-lock.yaml', ...own.sort()])
    hash
      .update(file)
      .update('\0')
      .update(readFileSync(join(root, file)))
      .update('\0');
  return hash.digest('hex');
}

const sources = (directory) =>
  readdirSync(join(root, directory, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join('src', file));

export async function buildToRun() {
  const stale = [...neededToRun('apps/standalone')]
    .map((directory) => ({ directory, wanted: fingerprint(directory) }))
    .filter(({ directory, wanted }) => stampOf(directory) !== wanted);
  await Promise.all(stale.map(({ directory }) => transpile(directory)));
  // They contain packages/protocol as well, so whichever of the two has changed.
  if (stale.some(({ directory }) => /^packages\/(client|protocol)$/.test(directory))) await bundleClient();
  for (const { directory, wanted } of stale) writeFileSync(stampPath(directory), wanted);
}

const stampPath = (directory) => join(root, directory, 'dist', STAMP);

function stampOf(directory) {
  return existsSync(stampPath(directory)) ? readFileSync(stampPath(directory), 'utf8') : undefined;
}

function transpile(directory) {
  const cwd = join(root, directory);
  rmSync(join(cwd, 'dist'), { recursive: true, force: true });
  return build({ ...transpiling, absWorkingDir: cwd, entryPoints: sources(directory) });
}

async function bundleClient() {
  const absWorkingDir = join(root, 'packages/client');
  for (const bundle of bundles((name) => `dist/${name}.js`))
    await build({ ...forBrowsers, ...bundle, absWorkingDir, sourcemap: true });
}
