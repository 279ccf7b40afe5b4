import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';

/** Programs that tests start themselves, and the Debian package each comes in. */
const SERVICES = [
  { check: () => answers('redis-server'), debianPackage: 'redis-server' },
  { check: () => answers('chromium'), debianPackage: 'chromium' },
  { check: hasNginx, debianPackage: 'nginx' },
  { check: () => answers('caddy', ['version']), debianPackage: 'caddy' },
  { check: hasPostgres, debianPackage: 'postgresql' },
  {
    check: () => answers('/usr/bin/python3', ['-c', 'import jwt, cryptography']),
    debianPackage: 'python3-jwt',
  },
];

const answers = (command, args = ['--version']) => spawnSync(command, args, { stdio: 'ignore' }).status === 0;
const works = ({ check }) => check();

/** Debian keeps it off the PATH of ordinary users. */
function hasNginx() {
  return existsSync('/usr/sbin/nginx') || answers('nginx', ['-v']);
}

/** Debian keeps the server programs off the PATH. */
function hasPostgres() {
  const base = '/usr/lib/postgresql';
  return (
    existsSync(base) && readdirSync(base).some((version) => existsSync(`${base}/${version}/bin/postgres`))
  );
}

/** Installs what the tests need where apt can, and otherwise says how to get it and ends with code 1. */
export function ensureServices() {
  const missing = SERVICES.filter((service) => !works(service));
  if (missing.length === 0) return;
  // python3-jwt only suggests the library that its RSA needs.
  const also = missing.some(({ debianPackage }) => debianPackage === 'python3-jwt')
    ? ['python3-cryptography']
    : [];
  const packages = missing.map(({ debianPackage }) => debianPackage);
  if (process.getuid?.() === 0 && answers('apt-get')) {
    console.error(`Installing ${packages.join(', ')} with apt-get ...`);
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const options = { stdio: ['ignore', 'ignore', 2], env };
    spawnSync('apt-get', ['update', '-qq'], options);
    spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages, ...also], options);
  }
  const absent = SERVICES.filter((service) => !works(service));
  if (absent.length === 0) return;
  const names = absent.map(({ debianPackage }) => debianPackage).join(' ');
  console.error(`The tests need ${names}; on Debian: sudo apt-get install --no-install-recommends ${names}`);
  process.exit(1);
}
