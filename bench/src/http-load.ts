import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { quantile } from './interleave.js';

export interface LoadResult {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface HttpResponse {
  readonly status: number;
  readonly body: string;
}

/** One keep-alive connection with at most one request under way. */
export interface HttpConnection {
  send(request: Buffer): Promise<HttpResponse>;
  close(): void;
}

/** A whole POST request as bytes, so that sending it costs the generator nothing but a write. */
export function encodePost(url: string, headers: Readonly<Record<string, string>>, body: string): Buffer {
  const { host, pathname } = new URL(url);
  const fields = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const head = [
    `POST ${pathname} HTTP/1.1`,
    `host: ${host}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    ...fields,
  ];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`);
}

/**
 * A client that reads only what the servers here send (a head with a content-length). node:http's own
 * costs more than the fastest server measured, on the same two cores.
 */
export async function openHttpConnection(url: string): Promise<HttpConnection> {
  const { hostname, port } = new URL(url);
  const socket: Socket = connect({ host: hostname, port: Number(port), noDelay: true });
  await once(socket, 'connect');
  let received = '';
  let waiting: { resolve(response: HttpResponse): void; reject(error: Error): void } | undefined;

  socket.setEncoding('latin1').on('data', (chunk: string) => {
    received = received === '' ? chunk : received + chunk;
    const response = readResponse(received);
    if (response === 'incomplete') return;
    if (response === 'unknown-length') {
      socket.destroy(new Error(`${url} answered without content-length; the generator needs one.`));
      return;
    }
    received = '';
    const answered = waiting;
    waiting = undefined;
    answered?.resolve(response);
  });
  let broken: Error | undefined;
  const fail = (error: Error) => {
    broken ??= error;
    waiting?.reject(broken);
  };
  socket.on('error', fail);
  socket.on('close', () => fail(new Error(`${url} closed a connection.`)));

  return {
    send: (request) =>
      new Promise((resolve, reject) => {
        if (broken) throw broken;
        waiting = { resolve, reject };
        socket.write(request);
      }),
    close: () => void socket.destroy(),
  };
}

function readResponse(text: string): HttpResponse | 'incomplete' | 'unknown-length' {
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd < 0) return 'incomplete';
  const length = /\r\ncontent-length: (\d+)/i.exec(text.slice(0, headEnd))?.[1];
  if (length === undefined) return 'unknown-length';
  const bodyStart = headEnd + 4;
  if (text.length < bodyStart + Number(length)) return 'incomplete';
  return { status: Number(text.slice(9, 12)), body: text.slice(bodyStart) };
}

/** Keeps every connection busy until all requests are answered. */
export async function saturate(
  connections: readonly HttpConnection[],
  requests: readonly Buffer[],
): Promise<LoadResult> {
  const latencies = new Float64Array(requests.length);
  let next = 0;
  const startedAt = performance.now();
  await Promise.all(
    connections.map(async (connection) => {
      while (next < requests.length) {
        const index = next++;
        const sentAt = performance.now();
        assertOk(await connection.send(requests[index]!));
        latencies[index] = performance.now() - sentAt;
      }
    }),
  );
  return summarize(latencies, startedAt);
}

/**
 * Sends at a fixed rate whether or not answers keep up. Latency counts from when a request was due, waiting
 * for a free connection included, so that a stalled server cannot hide behind requests never sent.
 */
export async function pace(
  connections: readonly HttpConnection[],
  requests: readonly Buffer[],
  perSecond: number,
): Promise<LoadResult> {
  const latencies = new Float64Array(requests.length);
  const free = [...connections];
  const startedAt = performance.now();
  let due = 0;
  let next = 0;
  let answered = 0;
  const dueAt = new Float64Array(requests.length);

  await new Promise<void>((resolve, reject) => {
    async function answerOne(connection: HttpConnection): Promise<void> {
      const index = next++;
      assertOk(await connection.send(requests[index]!));
      latencies[index] = performance.now() - dueAt[index]!;
      answered += 1;
      free.push(connection);
      if (answered === requests.length) resolve();
      else dispatch();
    }
    function dispatch(): void {
      while (next < due && free.length > 0) answerOne(free.pop()!).catch(reject);
    }
    function tick(): void {
      const now = performance.now();
      const dueNow = Math.min(requests.length, Math.floor(((now - startedAt) * perSecond) / 1000) + 1);
      // The tick's own lateness is the generator's, not the server's.
      dueAt.fill(now, due, dueNow);
      due = dueNow;
      dispatch();
      if (due < requests.length) setTimeout(tick, 1);
    }
    tick();
  });
  return summarize(latencies, startedAt);
}

function assertOk({ status, body }: HttpResponse): void {
  if (status !== 200) throw new Error(`A request under load was answered ${status}: ${body}`);
}

function summarize(latencies: Float64Array, startedAt: number): LoadResult {
  return {
    perSecond: (latencies.length * 1000) / (performance.now() - startedAt),
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
  };
}
