import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as httpRequest,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';

/** What a reverse proxy does that it should not; nothing by default. */
export interface Misbehaviour {
  /** Answers in place of the services; true when it did. */
  readonly answer?: (request: IncomingMessage, response: ServerResponse) => boolean;
  /** Headers it does not pass on. */
  readonly dropsRequestHeaders?: readonly string[];
  readonly dropsResponseHeaders?: readonly string[];
  readonly addsResponseHeaders?: Readonly<Record<string, string>>;
  readonly rewritesBody?: (text: string, path: string) => string;
  readonly rewritesPath?: (path: string) => string;
  /** Passes upgrades as ordinary requests, as nginx does without its Upgrade lines. */
  readonly stripsUpgrade?: boolean;
  /** Upgrades, and then carries nothing. */
  readonly swallowsFrames?: boolean;
  readonly delayMs?: number;
  /** Where the SFU is, if not where it was. */
  readonly sfuUrl?: string;
}

export interface MisbehavingProxy {
  readonly url: string;
  /** Where it leads: paths of auth as the documentation lists them, everything else to the SFU. */
  leadTo(upstreams: { readonly authUrl: string; readonly sfuUrl: string }): void;
  behave(misbehaviour: Misbehaviour): void;
  close(): Promise<void>;
}

const OF_AUTH = /^\/(?:api\/|\.well-known\/)/;

/** One host in front of auth and the SFU, as RomM's nginx is. */
export async function startMisbehavingProxy(): Promise<MisbehavingProxy> {
  let upstreams = { authUrl: '', sfuUrl: '' };
  let wrong: Misbehaviour = {};

  const targetOf = (path: string) =>
    OF_AUTH.test(path) ? upstreams.authUrl : (wrong.sfuUrl ?? upstreams.sfuUrl);

  function pass(request: IncomingMessage, headers: IncomingHttpHeaders) {
    const path = request.url ?? '/';
    const sent = httpRequest(`${targetOf(path)}${wrong.rewritesPath?.(path) ?? path}`, {
      method: request.method,
      agent: false,
      headers: { ...without(headers, wrong.dropsRequestHeaders), 'x-forwarded-for': '203.0.113.7' },
    });
    return sent;
  }

  function forward(request: IncomingMessage, response: ServerResponse): void {
    const { connection: _c, upgrade: _u, ...endToEnd } = request.headers;
    const sent = pass(request, endToEnd);
    sent.on('error', () => response.writeHead(502, { 'content-type': 'text/html' }).end('<html>Bad Gateway'));
    sent.on('response', (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        const body = wrong.rewritesBody?.(text, request.url ?? '') ?? text;
        response.writeHead(answer.statusCode ?? 500, {
          ...without(answer.headers, [
            'content-length',
            'transfer-encoding',
            ...(wrong.dropsResponseHeaders ?? []),
          ]),
          ...wrong.addsResponseHeaders,
        });
        response.end(body);
      });
    });
    request.pipe(sent);
  }

  function serve(request: IncomingMessage, response: ServerResponse): void {
    if (wrong.answer?.(request, response) === true) return;
    if (wrong.delayMs === undefined) forward(request, response);
    else setTimeout(() => forward(request, response), wrong.delayMs).unref();
  }

  function upgrade(request: IncomingMessage, socket: Duplex): void {
    socket.on('error', () => undefined);
    const sent = pass(request, request.headers);
    sent.on('error', () => socket.destroy());
    sent.on('response', (answer) => {
      socket.write(headOf(answer));
      answer.pipe(socket);
    });
    sent.on('upgrade', (answer, upstream: Duplex) => {
      upstream.on('error', () => undefined);
      socket.on('close', () => upstream.destroy());
      upstream.on('close', () => socket.destroy());
      socket.write(headOf(answer, wrong.dropsResponseHeaders));
      if (wrong.swallowsFrames === true) {
        // Read to nowhere: a stream that is not read never notices its end.
        upstream.resume();
        socket.resume().on('end', () => socket.destroy());
        return;
      }
      upstream.pipe(socket);
      socket.pipe(upstream);
    });
    sent.end();
  }

  const server = createServer(serve);
  const connections = new Set<Duplex>();
  server.on('connection', (socket: Duplex) => {
    connections.add(socket);
    socket.on('close', () => connections.delete(socket));
  });
  // Without a listener for it, Node serves a request with an Upgrade header as an ordinary one.
  const onUpgrade = (request: IncomingMessage, socket: Duplex) => upgrade(request, socket);
  server.on('upgrade', onUpgrade);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    leadTo: (given) => void (upstreams = given),
    behave(misbehaviour) {
      wrong = misbehaviour;
      server.removeAllListeners('upgrade');
      if (wrong.stripsUpgrade !== true && wrong.answer === undefined) server.on('upgrade', onUpgrade);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        // Those that were upgraded are the server's no more.
        for (const socket of connections) socket.destroy();
      }),
  };
}

function without(
  headers: IncomingHttpHeaders,
  names: readonly string[] = [],
): Record<string, string | string[]> {
  const kept = Object.entries(headers).filter(
    ([name, value]) => value !== undefined && !names.includes(name),
  );
  return Object.fromEntries(kept) as Record<string, string | string[]>;
}

function headOf(answer: IncomingMessage, dropped: readonly string[] = []): string {
  const headers = Object.entries(without(answer.headers, dropped)).map(
    ([name, value]) => `${name}: ${String(value)}`,
  );
  return [`HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}`, ...headers, '', ''].join('\r\n');
}
