/**
 * `npm run pack:client -- <directory>`: what is published of the client, as a tarball in that directory. It
 * holds all it needs; in the repository the client leans on packages/protocol, which nobody publishes.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { bundles, settings } from './bundles.mjs';
import { writeTypes } from './package-types.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const from = (name) => join(here, `src/${name}.ts`);
const conditions = ['@romm-netplay/source'];

const { version, license } = JSON.parse(readFileSync(join(here, 'package.json'), 'utf8'));
const entry = (name, node) => ({
  types: `./types/${name}.d.ts`,
  node: `./dist/${node}.js`,
  default: `./dist/${name}.js`,
});
const manifest = {
  name: '@romm-netplay/client',
  version,
  license,
  description: 'Netplay rooms for RomM: sign in, open, join and play.',
  keywords: ['romm', 'netplay', 'emulatorjs'],
  type: 'module',
  sideEffects: ['./dist/node.js', './dist/node-federation.js', './dist/browser/netplay-shim.js'],
  engines: { node: '>=20.19' },
  exports: {
    '.': entry('index', 'node'),
    './federation': entry('federation', 'node-federation'),
    './browser/netplay.js': { types: './types/index.d.ts', default: './dist/browser/netplay.js' },
    './browser/netplay-federation.js': {
      types: './types/federation.d.ts',
      default: './dist/browser/netplay-federation.js',
    },
    './browser/netplay-shim.js': './dist/browser/netplay-shim.js',
  },
  types: './types/index.d.ts',
  files: ['dist', 'types'],
  peerDependencies: { ws: '^8.0.0' },
  peerDependenciesMeta: { ws: { optional: true } },
};

const [given, ...rest] = process.argv.slice(2);
if (given === undefined || rest.length > 0) {
  console.error('Usage: npm run pack:client -- <directory>');
  process.exit(64);
}
const assembled = mkdtempSync(join(tmpdir(), 'netplay-client-'));
try {
  await build({
    entryPoints: ['index', 'federation', 'node', 'node-federation'].map(from),
    outdir: join(assembled, 'dist'),
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'neutral',
    target: settings.target,
    external: ['ws'],
    conditions,
    logLevel: 'warning',
  });
  for (const bundle of bundles(from)) {
    const outfile = join(assembled, bundle.outfile);
    await build({ ...settings, ...bundle, outfile, conditions });
  }
  writeTypes(join(assembled, 'types'));
  cpSync(join(here, 'README.md'), join(assembled, 'README.md'));
  cpSync(join(here, '../../LICENSE'), join(assembled, 'LICENSE'));
  writeFileSync(join(assembled, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  mkdirSync(resolve(given), { recursive: true });
  pack(resolve(given));
} catch (error) {
  if (error.syscall === undefined) throw error;
  console.error(`The client cannot be packed: ${error.message}`);
  process.exitCode = 1;
} finally {
  rmSync(assembled, { recursive: true, force: true });
}

/** Prints the name of the tarball; on failure what npm says, which it says nothing of when it is silent. */
function pack(directory) {
  const packing = ['pack', assembled, '--pack-destination', directory, '--loglevel', 'error'];
  const { status, stdout, stderr, error } = spawnSync('npm', packing, { encoding: 'utf8' });
  if (error) throw error;
  (status === 0 ? process.stdout : process.stderr).write(status === 0 ? stdout : stderr);
  process.exitCode = status ?? 1;
}
