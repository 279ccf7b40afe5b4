import { execFile, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { eventually } from './eventually.js';
import { freePort } from './free-port.js';
import { spawnChild } from './spawn-child.js';

export interface PostgresServer {
  /** A fresh, empty database; answers its URL. */
  createDatabase(): Promise<string>;
  /** Stops answering without closing anything. */
  freeze(): void;
  thaw(): void;
  /** Ends it at once, as a crash does; the data stay. */
  kill(): Promise<void>;
  restart(): Promise<void>;
  close(): Promise<void>;
}

const MISSING = 'PostgreSQL is not installed; on Debian: apt-get install postgresql';

/** Where Debian keeps the server programs, newest version last; else whatever PATH has. */
function programs(): string {
  const base = '/usr/lib/postgresql';
  const versions = existsSync(base) ? readdirSync(base).sort((a, b) => Number(a) - Number(b)) : [];
  const newest = versions.findLast((version) => existsSync(join(base, version, 'bin', 'postgres')));
  if (newest !== undefined) return join(base, newest, 'bin');
  throw new Error(MISSING);
}

/** PostgreSQL refuses to run as root; then it runs as the user its package made. */
function identity(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

/** A real PostgreSQL on a free loopback port, with its data in a directory of its own. */
export async function startPostgresServer(): Promise<PostgresServer> {
  const bin = programs();
  const user = identity();
  const directory = await mkdtemp(join(tmpdir(), 'netplay-postgres-'));
  if (user.uid !== undefined && user.gid !== undefined) await chown(directory, user.uid, user.gid);
  const options = { ...user, cwd: directory };
  const data = join(directory, 'data');
  await promisify(execFile)(
    join(bin, 'initdb'),
    ['-D', data, '-U', 'netplay', '-A', 'trust', '--no-sync', '-E', 'UTF8'],
    options,
  );
  const port = await freePort();
  const run = (sql: string) =>
    promisify(execFile)(
      join(bin, 'psql'),
      ['-h', '127.0.0.1', '-p', String(port), '-U', 'netplay', '-d', 'postgres', '-Atqc', sql],
      options,
    );

  async function launch() {
    // No fsync: these data need not survive the machine, only the process.
    const settings = [
      '-c',
      'fsync=off',
      '-c',
      'listen_addresses=127.0.0.1',
      '-c',
      `unix_socket_directories=${directory}`,
    ];
    const child = spawnChild(join(bin, 'postgres'), ['-D', data, '-p', String(port), ...settings], {
      ...options,
      // Its own crash: the processes of its connections end too.
      lastSignal: 'QUIT',
      stdio: 'ignore',
    });
    await eventually(() => run('select 1'), 30_000);
    return child;
  }
  let child = await launch();
  let databases = 0;

  async function kill(): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    // SIGQUIT is PostgreSQL's own crash: backends end too, nothing is written out.
    child.kill('SIGCONT');
    child.kill('SIGQUIT');
    await exited;
  }
  /** The server is several processes; a frozen machine freezes all of them. */
  const signalAll = (signal: 'STOP' | 'CONT') => {
    const children = execFileSync('pgrep', ['-P', String(child.pid)], { encoding: 'utf8' })
      .split('\n')
      .filter(Boolean);
    execFileSync('kill', [`-${signal}`, String(child.pid), ...children]);
  };

  return {
    async createDatabase() {
      const name = `test_${(databases += 1)}`;
      await run(`create database ${name}`);
      return `postgres://netplay@127.0.0.1:${port}/${name}`;
    },
    freeze: () => signalAll('STOP'),
    thaw: () => signalAll('CONT'),
    kill,
    async restart() {
      await kill();
      child = await launch();
    },
    async close() {
      await kill();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
