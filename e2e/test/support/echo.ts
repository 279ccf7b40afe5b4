import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a service behind a proxy saw of a request. */
export interface Seen {
  readonly who: string;
  /** As it arrived, encoded. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
}

export interface Echo {
  /** `host:port`. */
  readonly address: string;
  close(): Promise<void>;
}

/** Answers every request with what it saw of it, upgrades with a header that says who took it. */
export async function startEcho(who: string): Promise<Echo> {
  const server = createServer((request, response) => {
    const seen: Seen = { who, path: request.url ?? '', headers: request.headers };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(seen));
  });
  server.on('upgrade', (request, socket) => {
    const { 'x-forwarded-proto': proto = '', host = '' } = request.headers;
    socket.end(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${request.headers.upgrade}\r\n` +
        `x-who: ${who}\r\nx-seen: ${proto.toString()} ${host}\r\n\r\n`,
    );
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}
