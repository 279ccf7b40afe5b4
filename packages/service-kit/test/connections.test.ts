/** What strangers can do to a server before they have said anything: R3. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createDisposers, eventually } from '@romm-netplay/testing';
import { boundConnections, CONNECTION_LIMITS, type ConnectionLimits } from '../src/http/connections.js';
import { listen, type ListeningServer } from '../src/index.js';

const QUICK: Partial<ConnectionLimits> = { checkMs: 50, endingMs: 100 };
const UPGRADE = 'GET /x HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n';

const disposers = createDisposers();
afterEach(() => disposers.closeAll());

let server: ListeningServer;
const start = async (limits: Partial<ConnectionLimits> = {}, host = '127.0.0.1') => {
  server = disposers.use(await listen(0, host, { limits: { ...QUICK, ...limits } }));
  server.serve((_request, response) => void response.end('ok'));
};
/** A client that never closes its half, whatever the server does. */
function stay(said: string, localAddress = '127.0.0.1'): Socket {
  const socket = connect({ port: server.port, host: '127.0.0.1', localAddress, allowHalfOpen: true });
  disposers.defer(() => void socket.destroy());
  socket.on('error', () => undefined).resume();
  socket.write(said);
  return socket;
}
const open = () =>
  new Promise<number>((resolve, reject) =>
    server.server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
  );

describe('connections whose other side does not close', () => {
  beforeEach(() => start());

  it.each([
    ['was answered for the last time', 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'],
    ['said nothing of HTTP', 'hello\r\n\r\n'],
    [
      'asked for an upgrade where there is none, and to close',
      UPGRADE.replace('upgrade\r\n', 'upgrade, close\r\n'),
    ],
  ])('are closed when the client %s', async (_what, said) => {
    const clients = Array.from({ length: 20 }, () => stay(said));
    await Promise.all(clients.map((client) => once(client, 'end')));
    await eventually(async () => (await open()) === 0);
  });

  it('are closed when an upgrade was refused', async () => {
    server.serveUpgrades((_request, socket) => void socket.end('HTTP/1.1 404 Not Found\r\n\r\n'));
    const clients = Array.from({ length: 20 }, () => stay(UPGRADE));
    await Promise.all(clients.map((client) => once(client, 'end')));
    await eventually(async () => (await open()) === 0);
  });
});

describe('upgrades where nobody takes any', () => {
  it('are requests like others', async () => {
    await start();
    const [answer] = (await once(stay(UPGRADE), 'data')) as [Buffer];
    expect(String(answer)).toMatch(/^HTTP\/1\.1 200 /);
  });
});

describe('targets that are read in more than one way', () => {
  it.each(['/a\\b', '/a#b', '/a\\b/c?d#', 'http://a/b', '*', 'a', '/a\tb', '/a\x7fb'])(
    '%j is refused',
    async (target) => {
      await start();
      server.serveUpgrades((_request, socket) => void socket.end('HTTP/1.1 200 OK\r\n\r\n'));
      for (const more of ['', 'Connection: upgrade\r\nUpgrade: x\r\n']) {
        const [answer] = (await once(stay(`GET ${target} HTTP/1.1\r\nHost: a\r\n${more}\r\n`), 'data')) as [
          Buffer,
        ];
        expect(String(answer)).toMatch(/^HTTP\/1\.1 400 /);
      }
    },
  );

  it.each(['/', '/a?b=c&d=%20', '/join/%5C', '/a//b', '/a|b'])('%j is not', async (target) => {
    await start();
    const client = stay('');
    client.write(Buffer.from(`GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`, 'latin1'));
    const [answer] = (await once(client, 'data')) as [Buffer];
    expect(String(answer)).toMatch(/^HTTP\/1\.1 200 /);
  });
});

describe('closing', () => {
  it('does not wait for an upgrade that was refused and is held open', async () => {
    await start({ endingMs: 60_000 });
    server.serveUpgrades((_request, socket) => void socket.end('HTTP/1.1 404 Not Found\r\n\r\n'));
    await once(stay(UPGRADE), 'end');
    await server.close();
    expect(server.server.listening).toBe(false);
  });
});

describe('connections that do not go on', () => {
  it.each([
    ['say nothing', '', { headersMs: 100 }],
    ['begin a head', 'GET / HTTP/1.1\r\nHo', { headersMs: 100 }],
    [
      'begin a body',
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n1',
      { headersMs: 50, requestMs: 100 },
    ],
    ['do not begin another request', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', { keepAliveMs: 100 }],
  ])('are closed when they %s', async (_what, said, limits) => {
    await start(limits);
    server.serve((request, response) => request.resume().on('end', () => response.end('ok')));
    stay(said);
    await eventually(async () => (await open()) === 1);
    await eventually(async () => (await open()) === 0);
  });

  it('are closed when they do not read their answer', async () => {
    await start({ stalledMs: 200 });
    server.serve((_request, response) => void response.end(Buffer.alloc(64 * 1024 * 1024)));
    const client = connect({ port: server.port, host: '127.0.0.1' });
    disposers.defer(() => void client.destroy());
    client
      .on('error', () => undefined)
      .pause()
      .write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await eventually(async () => (await open()) === 1);
    await eventually(async () => (await open()) === 0);
  });
});

describe('many connections', () => {
  const LIMITS = { ...CONNECTION_LIMITS, ...QUICK };
  const serverOf = async (limits: Partial<ConnectionLimits>, uncounted: readonly string[]) => {
    const http = createServer();
    boundConnections(http, { ...LIMITS, ...limits }, uncounted);
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    disposers.defer(() => {
      http.close();
      http.closeAllConnections();
    });
    server = { server: http, port: (http.address() as AddressInfo).port } as ListeningServer;
  };

  it('are as many as one address may have, and one that closes makes room for another', async () => {
    await serverOf({ perAddress: 3 }, []);
    const clients = Array.from({ length: 5 }, () => stay(''));
    const refused = new Set<Socket>();
    for (const client of clients) client.once('end', () => refused.add(client));
    await eventually(() => refused.size === 2);
    expect(await open()).toBe(3);
    clients.find((client) => !refused.has(client))?.destroy();
    await eventually(async () => (await open()) === 2);
    stay('');
    await eventually(async () => (await open()) === 3);
  });

  it('have no such bound when they come from a proxy, or from the machine itself', async () => {
    await serverOf({ perAddress: 3 }, ['loopback']);
    Array.from({ length: 5 }, () => stay(''));
    await eventually(async () => (await open()) === 5);
  });

  it('are as many as the whole server bears', async () => {
    await start({ total: 3 });
    await Promise.any(Array.from({ length: 5 }, () => once(stay(''), 'end')));
    expect(await open()).toBeLessThanOrEqual(3);
  });
});
