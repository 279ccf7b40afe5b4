/**
 * `node scripts/deploy.mjs <auth|sfu> <directory>`: builds one service and puts it, with exactly the packages
 * it needs at run time, into a new directory that can be moved anywhere. The images are made of this output
 * (infra/docker/Dockerfile), and a test runs it (e2e/test/deployed-output.test.ts).
 */
import './check-node.cjs';
import { resolve } from 'node:path';

const { run } = await import('./bootstrap.mjs');

const APPS = ['auth', 'sfu'];
const [app, directory, ...rest] = process.argv.slice(2);
if (!APPS.includes(app) || directory === undefined || rest.length > 0) {
  console.error(`Usage: node scripts/deploy.mjs <${APPS.join('|')}> <new directory>`);
  process.exit(64);
}

const workspace = `@romm-netplay/${app}`;
// Copies of the workspace packages instead of links to them, for this output alone; versions stay the lockfile's.
const injected = '--config.inject-workspace-packages=true';
const steps = [
  [
    'turbo',
    ['run', 'build', `--filter=${workspace}...`, '--output-logs=errors-only', '--no-update-notifier'],
  ],
  ['pnpm', [injected, '--filter', workspace, 'deploy', '--prod', resolve(directory)]],
];
for (const [command, args] of steps) {
  if (run(command, args) === 0) continue;
  console.error(`${command} failed; the lines above say why.`);
  process.exit(1);
}
