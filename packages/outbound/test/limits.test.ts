import type { RequestListener } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterEach, expect, test } from '@jest/globals';
import { createRemoteKeySet } from '@romm-netplay/token-core';
import { createOutboundFetch, type OutboundFetch, type OutboundPolicy } from '../src/index.js';
import { closeServers, startHttp, startTcp } from './support/servers.js';

const open: OutboundFetch[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((outbound) => outbound.close()));
  await closeServers();
});

function local(policy: OutboundPolicy = {}): OutboundFetch {
  const outbound = createOutboundFetch({ allowHttp: true, allowPrivateAddresses: true, ...policy });
  open.push(outbound);
  return outbound;
}

const startAt = async (handler: RequestListener) => `http://127.0.0.1:${await startHttp(handler)}`;
const startRaw = async (bytes: string) =>
  `http://127.0.0.1:${await startTcp((socket) => socket.once('data', () => socket.end(bytes)))}`;

test('P2.11 stands in for the standard fetch', async () => {
  const url = await startAt((req, res) => {
    let body = '';
    req.on('data', (chunk) => (body += String(chunk)));
    req.on('end', () =>
      res.writeHead(201, { etag: '"1"', 'set-cookie': ['a=1', 'b=2'] }).end(`${req.method}${body}`),
    );
  });
  const outbound: typeof fetch = local();
  const answer = await outbound(new URL('/x?y=1', url), { method: 'POST', body: 'hello' });
  expect([answer.status, answer.ok, answer.headers.get('etag')]).toEqual([201, true, '"1"']);
  expect(answer.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
  expect(await answer.text()).toBe('POSThello');
  expect(await (await outbound(new Request(url))).text()).toBe('GET');
});

test('P2.3 P2.11 a remote key set fetches through it, conditional requests included', async () => {
  let notModified = 0;
  const url = await startAt((req, res) => {
    if (req.headers['if-none-match'] === '"1"') {
      notModified++;
      res.writeHead(304).end();
    } else res.writeHead(200, { etag: '"1"' }).end('{"keys":[]}');
  });
  const keys = createRemoteKeySet({ jwksUrl: url, cooldownMs: 0, fetch: local() });
  await keys.ready();
  expect(await keys.find('unknown')).toBeUndefined();
  expect(notModified).toBe(1);
  keys.close();
});

test.each([301, 302, 303, 307, 308, 300])(
  'P2.11 a redirect (%i) is not followed, not even to the same host',
  async (status) => {
    let followed = false;
    const url = await startAt((req, res) => {
      if (req.url === '/next') followed = true;
      res.writeHead(status, { location: '/next' }).end();
    });
    await expect(local()(url)).rejects.toMatchObject({ code: 'redirect_refused' });
    expect(followed).toBe(false);
  },
);

test('P2.11 an announced 100 MB are refused by the header, unannounced ones cut off early', async () => {
  let sent = 0;
  const url = await startAt((req, res) => {
    if (req.url === '/announced') res.setHeader('content-length', 100 * 1024 * 1024);
    const chunk = Buffer.alloc(64 * 1024);
    const write = () => {
      while (sent < 100 * 1024 * 1024 && !res.destroyed) {
        sent += chunk.length;
        if (!res.write(chunk)) return void res.once('drain', write);
      }
    };
    write();
  });
  await expect(local()(`${url}/announced`)).rejects.toMatchObject({ code: 'too_large' });
  const answer = await local({ maxResponseBytes: 256 * 1024 })(url);
  await expect(answer.text()).rejects.toMatchObject({ code: 'too_large' });
  expect(sent).toBeLessThan(20 * 1024 * 1024);
});

test('P2.11 an answer of just the limit is taken, one byte more is not', async () => {
  const url = await startAt((req, res) => res.write('x'.repeat(Number(req.url?.slice(1)))) && res.end());
  const outbound = local({ maxResponseBytes: 1000 });
  expect(await (await outbound(`${url}/1000`)).text()).toHaveLength(1000);
  await expect(outbound(`${url}/1001`).then((answer) => answer.text())).rejects.toMatchObject({
    code: 'too_large',
  });
});

test('P2.11 a compressed answer is refused: nobody asked for one, and it may be a bomb', async () => {
  let asked: unknown;
  const url = await startAt((req, res) => {
    asked = req.headers['accept-encoding'];
    res.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(1_000_000)));
  });
  await expect(local()(url)).rejects.toMatchObject({ code: 'response_invalid' });
  expect(asked).toBe('identity');
});

test('P2.11 slow headers and a slow body end at the same deadline', async () => {
  const url = await startAt((req, res) => {
    if (req.url === '/headers') return;
    const timer = setInterval(() => res.write('x'), 20);
    res.on('close', () => clearInterval(timer));
  });
  const outbound = local({ timeoutMs: 300 });
  await expect(outbound(`${url}/headers`)).rejects.toMatchObject({ code: 'timeout' });
  const answer = await outbound(`${url}/body`);
  await expect(answer.text()).rejects.toMatchObject({ code: 'timeout' });
});

test("P2.11 the caller's signal ends a request with the caller's reason", async () => {
  const url = await startAt(() => undefined);
  const abort = new AbortController();
  const answer = local()(url, { signal: abort.signal });
  abort.abort(new Error('enough'));
  await expect(answer).rejects.toThrow('enough');
});

test.each([
  ['garbage secret-in-body\r\n\r\n', 'response_invalid'],
  ['HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nsecret', 'response_invalid'],
  [`HTTP/1.1 200 OK\r\nx-secret: ${'x'.repeat(20_000)}\r\n\r\n`, 'headers_too_large'],
  ['', 'unreachable'],
])('P2.11 garbage %#: a coded error that holds nothing of what was received', async (bytes, code) => {
  const error: unknown = await local()(await startRaw(bytes)).catch((caught: unknown) => caught);
  expect(error).toMatchObject({ name: 'OutboundError', code });
  expect((error as Error).cause).toBeUndefined();
  expect(JSON.stringify(error)).not.toContain('secret');
});

test('P2.11 an answer that breaks off is no answer', async () => {
  const url = await startRaw('HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nhalf');
  await expect(local()(url).then((answer) => answer.text())).rejects.toMatchObject({ name: 'OutboundError' });
});

test('P2.11 a closed port is unreachable, and the fault has its name', async () => {
  const port = await startTcp(() => undefined);
  await closeServers();
  await expect(local()(`http://127.0.0.1:${port}`)).rejects.toMatchObject({
    code: 'unreachable',
    reason: 'ECONNREFUSED',
  });
});

test('P2.11 connections to one origin are bounded, waiting requests too, and places come free', async () => {
  let running = 0;
  let most = 0;
  const url = await startAt((_req, res) => {
    most = Math.max(most, ++running);
    setTimeout(() => res.end('x', () => running--), 30);
  });
  const outbound = local({ maxConnectionsPerOrigin: 2, maxPendingPerOrigin: 6 });
  // Nobody reads these answers: short ones must not hold their place.
  const all = await Promise.allSettled(Array.from({ length: 8 }, () => outbound(url)));
  expect(all.map(({ status }) => status)).toEqual([
    ...Array<string>(6).fill('fulfilled'),
    'rejected',
    'rejected',
  ]);
  expect(all[7]).toMatchObject({ reason: { code: 'busy' } });
  expect(most).toBe(2);
  expect(await (await outbound(url)).text()).toBe('x');
});

test('P2.11 close breaks off what is running and refuses what comes later', async () => {
  let arrived: () => void = () => undefined;
  const arrival = new Promise<void>((resolve) => (arrived = resolve));
  const url = await startAt(() => arrived());
  const outbound = local();
  const running = expect(outbound(url)).rejects.toMatchObject({ code: 'closed' });
  await arrival;
  await outbound.close();
  await running;
  await expect(outbound(url)).rejects.toMatchObject({ code: 'closed' });
});
