import { readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import proxyAddr from 'proxy-addr';
import { networkOf } from './client-address.js';

/** What a server bears of strangers, before anything is known of them. Times in ms. */
export interface ConnectionLimits {
  /** For the head of a request, and for a connection that begins none. */
  readonly headersMs: number;
  /** For a whole request. */
  readonly requestMs: number;
  /** Between two requests. */
  readonly keepAliveMs: number;
  /** Nothing comes or goes in the middle of one; longer than long polling waits. */
  readonly stalledMs: number;
  /** For the other side to close, once this one has. */
  readonly endingMs: number;
  /** How often the first two are looked at. */
  readonly checkMs: number;
  readonly perAddress: number;
  readonly total: number;
}

export const CONNECTION_LIMITS: ConnectionLimits = {
  headersMs: 10_000,
  requestMs: 15_000,
  keepAliveMs: 65_000,
  stalledMs: 30_000,
  endingMs: 5_000,
  checkMs: 1_000,
  perAddress: 256,
  total: 12_000,
};

/** Options of `createServer` that hold them. */
export const serverOptions = ({ headersMs, requestMs, keepAliveMs, checkMs }: ConnectionLimits) => ({
  headersTimeout: headersMs,
  requestTimeout: requestMs,
  keepAliveTimeout: keepAliveMs,
  connectionsCheckingInterval: checkMs,
});

/**
 * Counts connections until they are really closed, and closes those whose other side does not.
 *
 * @param uncounted those whose connections are of many people: proxies, and this machine itself
 */
export function boundConnections(
  server: Server,
  limits: ConnectionLimits,
  uncounted: readonly string[],
): void {
  const isUncounted = proxyAddr.compile([...uncounted]);
  const open = new Map<string, number>();
  server.timeout = limits.stalledMs;
  server.maxConnections = Math.min(limits.total, openFiles());
  server.on('connection', (socket: Socket) => {
    // Servers of HTTP let the other side keep its half open, for as long as it likes.
    socket.once('finish', () => {
      const cut = setTimeout(() => socket.destroy(), limits.endingMs).unref();
      socket.once('close', () => clearTimeout(cut));
    });
    const { remoteAddress = '' } = socket;
    if (isUncounted(remoteAddress, 0)) return;
    const address = networkOf(remoteAddress) ?? '';
    const count = (open.get(address) ?? 0) + 1;
    if (count > limits.perAddress) {
      socket.destroy();
      return;
    }
    open.set(address, count);
    socket.once('close', () => {
      const left = (open.get(address) ?? 1) - 1;
      if (left === 0) open.delete(address);
      else open.set(address, left);
    });
  });
}

/** What the system lets this process open, less what it needs for itself; Linux says it, others are not asked. */
function openFiles(): number {
  try {
    const [, soft] = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
    return soft === undefined ? Infinity : Math.max(64, Number(soft) - 128);
  } catch {
    return Infinity;
  }
}
