import { spawnSync } from 'node:child_process';

/** Programs that tests start themselves, and the Debian package each comes in. */
const SERVICES = [{ command: 'redis-server', args: ['--version'], debianPackage: 'redis-server' }];

const works = ({ command, args }) => spawnSync(command, args, { stdio: 'ignore' }).status === 0;

/** Installs what the tests need where apt can, and otherwise says how to get it and ends with code 1. */
export function ensureServices() {
  const missing = SERVICES.filter((service) => !works(service));
  if (missing.length === 0) return;
  const packages = missing.map(({ debianPackage }) => debianPackage);
  if (process.getuid?.() === 0 && works({ command: 'apt-get', args: ['--version'] })) {
    console.error(`Installing ${packages.join(', ')} with apt-get ...`);
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const options = { stdio: ['ignore', 'ignore', 2], env };
    spawnSync('apt-get', ['update', '-qq'], options);
    spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], options);
  }
  const absent = SERVICES.filter((service) => !works(service));
  if (absent.length === 0) return;
  const names = absent.map(({ debianPackage }) => debianPackage).join(' ');
  console.error(`The tests need ${names}; on Debian: sudo apt-get install --no-install-recommends ${names}`);
  process.exit(1);
}
