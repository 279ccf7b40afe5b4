import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from './eventually.js';
import { freePort } from './free-port.js';
import { spawnChild, whyNot } from './spawn-child.js';

export interface ProxyServer {
  readonly url: string;
  /** Everything it has said so far. */
  output(): string;
  close(): Promise<void>;
}

/** Debian's packages put it where the PATH of ordinary users does not lead. */
const NGINX = ['/usr/sbin/nginx', '/usr/local/sbin/nginx'].find((path) => existsSync(path)) ?? 'nginx';

export interface NginxOptions {
  /** Goes into the http block. */
  readonly http?: string;
  /** Goes into the server block. */
  readonly server: string;
  /** Where it listens; if not given, a free one. */
  readonly port?: number;
}

/** A real nginx on a free loopback port. */
export async function startNginx({ http = '', server, port: chosen }: NginxOptions): Promise<ProxyServer> {
  const port = chosen ?? (await freePort());
  const directory = await mkdtemp(join(tmpdir(), 'netplay-nginx-'));
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${kind};`,
  );
  const config = `
    daemon off;
    master_process off;
    pid nginx.pid;
    error_log stderr warn;
    events { worker_connections 512; }
    http {
      access_log off;
      ${paths.join(' ')}
      ${http}
      server {
        listen 127.0.0.1:${port};
        ${server}
      }
    }`;
  await writeFile(join(directory, 'nginx.conf'), config);
  const args = ['-p', directory, '-c', 'nginx.conf', '-e', 'stderr'];
  return startProxy({ program: 'nginx', command: NGINX, args, directory, port });
}

export interface CaddyOptions {
  /** A Caddyfile; its site address is SITE_ADDRESS of the environment. */
  readonly caddyfile: string;
  readonly env: Readonly<Record<string, string>>;
}

/** A real Caddy on a free loopback port, over plain HTTP. */
export async function startCaddy({ caddyfile, env }: CaddyOptions): Promise<ProxyServer> {
  const port = await freePort();
  const directory = await mkdtemp(join(tmpdir(), 'netplay-caddy-'));
  await mkdir(join(directory, 'home'));
  const global = '{\n\tadmin off\n\tauto_https off\n}\n';
  await writeFile(join(directory, 'Caddyfile'), global + caddyfile);
  return startProxy({
    program: 'caddy',
    command: 'caddy',
    args: ['run', '--config', 'Caddyfile'],
    directory,
    port,
    env: { ...env, SITE_ADDRESS: `http://:${port}`, HOME: join(directory, 'home') },
  });
}

interface Started {
  readonly program: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly directory: string;
  readonly port: number;
  readonly env?: Readonly<Record<string, string>>;
}

async function startProxy({ program, command, args, directory, port, env }: Started): Promise<ProxyServer> {
  const child = spawnChild(command, args, {
    cwd: directory,
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  }
  const exited = once(child, 'exit') as Promise<[number | null]>;
  const ended = exited.then(([code]) => Promise.reject(whyNot(program, code, output)));
  await Promise.race([eventually(() => answers(port)), ended]);
  ended.catch(() => undefined);
  return {
    url: `http://127.0.0.1:${port}`,
    output: () => output,
    async close() {
      child.kill('SIGKILL');
      await exited;
      await rm(directory, { recursive: true, force: true });
    },
  };
}

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    request({ port, host: '127.0.0.1', method: 'HEAD' }, (response) => {
      response.resume();
      resolve(true);
    })
      .on('error', () => resolve(false))
      .end();
  });
