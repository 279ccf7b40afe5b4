import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Certificate } from './certificates.js';

const closers: (() => Promise<void>)[] = [];

/** Closes every server and whatever is still connected to it. */
export async function closeServers(): Promise<void> {
  await Promise.all(closers.splice(0).map((close) => close()));
}

async function listen(server: Server, host = '127.0.0.1', port = 0): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  closers.push(async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  });
  return (server.address() as AddressInfo).port;
}

export const startHttp = (handler: RequestListener, host?: string, port?: number) =>
  listen(createHttpServer(handler), host, port);

export const startHttps = (certificate: Certificate, handler: RequestListener) =>
  listen(createHttpsServer(certificate, handler));

export const startTcp = (onConnection: (socket: Socket) => void) => listen(createTcpServer(onConnection));
