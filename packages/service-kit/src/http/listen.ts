import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, isIPv6 } from 'node:net';
import type { Duplex } from 'node:stream';
import { health, STARTING_CODE } from '@romm-netplay/protocol';
import { boundConnections, CONNECTION_LIMITS, type ConnectionLimits, serverOptions } from './connections.js';
import { listenFailure } from '../start-failure.js';
import { HttpError, PROBLEM_JSON, toProblem } from './http-error.js';

export interface ListeningServer {
  readonly server: Server;
  readonly port: number;
  /** Where it can be reached from this machine. */
  readonly url: string;
  /** Hands requests to `listener`; until then they are answered 503, but that the process is alive. */
  serve(listener: RequestListener): void;
  /** Hands upgrades to `listener`. Where nobody does, they are requests like others. */
  serveUpgrades(listener: UpgradeListener): void;
  /** Stops accepting, lets running requests finish, then closes. Idempotent. */
  close(): Promise<void>;
}

export type UpgradeListener = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** How long a running request may take once the server is closing. */
const LINGER_MS = 3_000;

export interface ListenOptions {
  /**
   * Where a proxy may put the service below its host, e.g. `/netplay`: what is asked for below one of these is
   * answered as at the root, upgrades too.
   */
  readonly basePaths?: readonly string[];
  /** Addresses or CIDRs of proxies, whose connections are of many people. */
  readonly trustedProxies?: readonly string[];
  readonly limits?: Partial<ConnectionLimits>;
}

/**
 * Listens first and serves later, because a URL with a port the system chose is part of what is served.
 */
export async function listen(
  port: number,
  host: string,
  { basePaths = [], trustedProxies = [], limits: changed }: ListenOptions = {},
): Promise<ListeningServer> {
  let current: RequestListener = starting;
  const limits = { ...CONNECTION_LIMITS, ...changed };
  const upgraded = new Set<Duplex>();
  const server = createServer(serverOptions(limits), (request, response) => {
    if (!isPath(request.url)) {
      response.writeHead(400, { connection: 'close' }).end();
      return;
    }
    takeAwayBase(request, basePaths);
    current(request, response);
  });
  boundConnections(server, limits, ['loopback', ...trustedProxies]);
  await new Promise<void>((resolve, reject) => {
    const failed = (error: Error) => reject(listenFailure(error, host, port));
    server.once('error', failed);
    server.listen(port, host, () => {
      server.removeListener('error', failed);
      resolve();
    });
  });
  const chosen = (server.address() as AddressInfo).port;
  return {
    server,
    port: chosen,
    url: urlOf(host, chosen),
    serve(listener) {
      current = listener;
    },
    serveUpgrades(listener) {
      server.on('upgrade', (request, socket, head) => {
        upgraded.add(socket);
        socket.once('close', () => upgraded.delete(socket));
        // Who takes it sees to it as well; until then nothing else would.
        socket.on('error', () => socket.destroy());
        if (!isPath(request.url)) {
          socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
          return;
        }
        takeAwayBase(request, basePaths);
        listener(request, socket, head);
      });
    },
    close: () => closeServer(server, upgraded),
  };
}

/** Says who answers: proxies answer 503 as well, for services that they do not reach. */
const STARTING = JSON.stringify(
  toProblem(
    new HttpError(503, STARTING_CODE, 'This service is starting; its log says what it waits for. Try again.'),
  ),
);

/** What takes long, such as a database that starts, is no reason to be started again. */
const starting: RequestListener = (request, response) => {
  if (request.url === health.path) {
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"status":"ok"}');
    return;
  }
  const headers = { 'content-type': PROBLEM_JSON, 'cache-control': 'no-store', 'retry-after': '1' };
  response.writeHead(503, headers).end(STARTING);
};

/**
 * A path and a query, in signs that everybody reads alike: what keeps a part of the paths to itself, as a proxy does,
 * and what is behind it, must not take one for another.
 */
const isPath = (url = ''): boolean => /^\/[!-"$-[\]-~]*$/.test(url);

function takeAwayBase(request: IncomingMessage, basePaths: readonly string[]): void {
  const { url = '/' } = request;
  const base = basePaths.find((path) => url.startsWith(`${path}/`));
  if (base !== undefined) request.url = url.slice(base.length);
}

function urlOf(host: string, port: number): string {
  if (host === '0.0.0.0') return `http://127.0.0.1:${port}`;
  return `http://${isIPv6(host) ? `[${host === '::' ? '::1' : host}]` : host}:${port}`;
}

async function closeServer(server: Server, upgraded: ReadonlySet<Duplex>): Promise<void> {
  if (!server.listening) return;
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const timer = setTimeout(() => {
    server.closeAllConnections();
    // Nothing but its end is left of an upgrade that was refused.
    for (const socket of upgraded) socket.destroy();
  }, LINGER_MS);
  await closed;
  clearTimeout(timer);
}
