/**
 * What `npm run build` of a workspace runs: every file of `src` becomes a file of `dist`, with its types taken
 * away. Whether they are right is asked once for all workspaces (`npm run typecheck`).
 */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { transpiling } from './transpiling.mjs';

rmSync('dist', { recursive: true, force: true });
await build({
  ...transpiling,
  entryPoints: readdirSync('src', { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join('src', file)),
});
