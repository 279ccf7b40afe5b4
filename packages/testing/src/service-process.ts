import { once } from 'node:events';
import { spawnChild } from './spawn-child.js';

export interface ServiceProcess {
  /** Base URLs by service name (`auth`, `sfu`), as the process announced them. */
  readonly urls: Readonly<Record<string, string>>;
  readonly pid: number;
  /** Everything it has written so far. */
  output(): string;
  /** Sends a signal and waits for the end; answers the exit code, null when a signal ended it. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
  close(): Promise<void>;
}

export interface ServiceProcessOptions {
  /** The JavaScript file to run. */
  readonly entry: string;
  /** The whole environment; nothing is inherited but PATH. */
  readonly env: Readonly<Record<string, string>>;
  /** How many services announce a URL before it counts as started. */
  readonly services?: number;
  readonly cwd?: string;
}

const START_TIMEOUT_MS = 60_000;

/** Starts a service as its own process and waits until it listens. */
export async function startServiceProcess(options: ServiceProcessOptions): Promise<ServiceProcess> {
  const { entry, env, services = 1, cwd } = options;
  const child = spawnChild(process.execPath, [entry], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(cwd && { cwd }),
  });
  const urls: Record<string, string> = {};
  let output = '';
  const exited = once(child, 'exit') as Promise<[number | null]>;

  await new Promise<void>((resolve, reject) => {
    const fail = (why: string) => reject(new Error(`${entry} ${why}:\n${output}`));
    const timer = setTimeout(() => fail('did not start in time'), START_TIMEOUT_MS);
    const read = (chunk: string) => {
      output += chunk;
      for (const line of output.split('\n').slice(0, -1)) {
        const announced = readAnnouncement(line);
        if (announced) urls[announced.service] = announced.url;
      }
      if (Object.keys(urls).length >= services) {
        clearTimeout(timer);
        resolve();
      }
    };
    child.stdout?.setEncoding('utf8').on('data', read);
    child.stderr?.setEncoding('utf8').on('data', read);
    void exited.then(([code]) => {
      clearTimeout(timer);
      fail(`ended with ${code}`);
    });
  });

  async function stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    const [code] = await exited;
    return code;
  }
  return {
    urls,
    pid: child.pid ?? 0,
    output: () => output,
    stop,
    close: () => stop('SIGKILL').then(() => undefined),
  };
}

function readAnnouncement(line: string): { service: string; url: string } | undefined {
  if (!line.startsWith('{') || !line.includes('"listening"')) return undefined;
  const { service, url } = JSON.parse(line) as Record<string, unknown>;
  return typeof service === 'string' && typeof url === 'string' ? { service, url } : undefined;
}
