import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { freePort } from './free-port.js';
import { spawnChild, whyNot } from './spawn-child.js';

export interface RedisServer {
  readonly url: string;
  /** Stops answering without closing anything, as a frozen machine does. */
  freeze(): void;
  thaw(): void;
  /** Ends the process at once. */
  kill(): Promise<void>;
  /** Starts again on the same port: with the snapshot of its folder if there is one, else empty. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

export interface RedisServerOptions {
  /** Where snapshots go that a test asks for (SAVE); a restart finds them there. */
  readonly dir?: string;
}

/** A real, empty redis-server on a free loopback port, which saves nothing by itself. */
export async function startRedisServer({ dir }: RedisServerOptions = {}): Promise<RedisServer> {
  const port = await freePort();
  let child = await launch(port, dir);

  async function kill(): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  return {
    url: `redis://127.0.0.1:${port}`,
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    kill,
    async restart() {
      await kill();
      child = await launch(port, dir);
    },
    close: kill,
  };
}

async function launch(port: number, dir: string | undefined): Promise<ChildProcess> {
  const args = [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--appendonly',
    'no',
    '--daemonize',
    'no',
    ...(dir === undefined ? [] : ['--dir', dir]),
  ];
  const child = spawnChild('redis-server', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise<void>((resolve, reject) => {
    let output = '';
    child.once('error', reject);
    child.once('exit', (code) => reject(whyNot('redis-server', code, output)));
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
      if (output.includes('Ready to accept connections')) resolve();
    });
  });
  child.stdout?.removeAllListeners('data').resume();
  return child;
}
