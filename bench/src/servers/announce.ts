import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Listens on a free loopback port and tells it in the line that the services write, too. */
export function listenAndAnnounce(server: Server, service: string): void {
  // Between two rounds a connection may idle longer than the 5 s that node:http allows by default.
  server.keepAliveTimeout = 65_000;
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}`;
    process.stdout.write(`${JSON.stringify({ event: 'listening', service, url })}\n`);
  });
}
