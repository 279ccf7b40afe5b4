/** Whether auth says what keeps RomM's players away, and goes on with the rest: N2, P4.8. */
import { afterEach, expect, it } from '@jest/globals';
import { createLogger } from '@romm-netplay/service-kit';
import { createDisposers, eventually, ROMM_RELEASES, startRommServer } from '@romm-netplay/testing';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import request from 'supertest';
import { startAuth } from './support/auth.js';
import { rommProvider, withSession } from './support/romm.js';

const NEWEST = ROMM_RELEASES.find(({ name }) => name === '5.2')!;
const disposers = createDisposers();
afterEach(() => disposers.closeAll());

async function startWith(rommBaseUrl: string) {
  const lines: string[] = [];
  const log = createLogger('auth', 'info', { write: (line) => void lines.push(line) });
  const auth = disposers.use(await startAuth({ identityProviders: ['romm', 'local'], rommBaseUrl }, { log }));
  const said = () => lines.map((line) => (JSON.parse(line) as { msg: string }).msg);
  const readyz = async () => {
    const { status, body } = await request(auth.url).get('/readyz');
    return {
      status,
      body: body as { status: string; components: Record<string, object>; warnings: string[] },
    };
  };
  return { auth, readyz, lines, said: () => said().filter((line) => line.startsWith('RomM')) };
}

/** Something that is not RomM; answers where it is. */
async function startOther(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  disposers.defer(() => server.close());
  disposers.defer(() => server.closeAllConnections());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

it.each(ROMM_RELEASES)('reaches RomM $name', async (release) => {
  const romm = disposers.use(await startRommServer(release));
  const { readyz, said } = await startWith(romm.url);
  expect(await readyz()).toMatchObject({ status: 200, body: { components: { romm: { state: 'up' } } } });
  expect(said()).toEqual([]);
  // Asked by its heartbeat, and of nobody.
  expect(romm.requests).toEqual([]);
});

it('says that RomM is away, to the log once and once when it is back, and is ready all the same', async () => {
  const romm = disposers.use(await startRommServer(NEWEST));
  await romm.goDown();
  const { auth, readyz, lines, said } = await startWith(romm.url);
  for (let i = 0; i < 3; i += 1) {
    const { status, body } = await readyz();
    expect({ status, ready: body.status, romm: body.components['romm'] }).toEqual({
      status: 200,
      ready: 'ready',
      romm: {
        state: 'down',
        latency_ms: 0,
        code: 'romm_unreachable',
        detail: 'Auth does not reach RomM at ROMM_BASE_URL (ECONNREFUSED).',
      },
    });
  }
  // The component says it; the same is not said twice.
  await request(auth.url).post('/api/sfu/token').set('cookie', 'romm_session=a').send({});
  expect((await readyz()).body.warnings).toEqual([]);
  expect(said().filter((line) => line === 'RomM is not reached')).toHaveLength(1);
  expect(lines.find((line) => line.includes('is not reached'))).toContain('at ROMM_BASE_URL (ECONNREFUSED)');
  await romm.comeBack();
  await eventually(async () => {
    expect((await readyz()).body.components['romm']).toMatchObject({ state: 'up' });
  });
  expect(said().filter((line) => line === 'RomM is reached')).toHaveLength(1);
});

it.each<[what: string, listener: RequestListener, code: string, detail: RegExp]>([
  [
    'RomM’s own nginx without RomM',
    (_request, response) => void response.writeHead(502).end('<html>Bad Gateway'),
    'romm_down',
    /answers 502 to auth: RomM does not run/,
  ],
  [
    'another page',
    (_request, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>hello'),
    'romm_not_there',
    /is not RomM \(status 200\)/,
  ],
  [
    'a redirect',
    (_request, response) => void response.writeHead(301, { location: 'https://romm/?secret=1' }).end(),
    'romm_not_there',
    /is not RomM \(status 301\)/,
  ],
  [
    'more than a heartbeat has',
    (_request, response) => void response.end('x'.repeat(1024 * 1024)),
    'romm_unreachable',
    /does not reach RomM/,
  ],
])('tells %s from RomM', async (_what, listener, code, detail) => {
  const { readyz } = await startWith(await startOther(listener));
  const { status, body } = await readyz();
  expect(status).toBe(200);
  expect(body.components['romm']).toMatchObject({ code, detail: expect.stringMatching(detail) });
  expect(JSON.stringify(body)).not.toMatch(/127\.0\.0\.1|secret|hello/);
});

it('answers at once while RomM hangs', async () => {
  const { readyz } = await startWith(await startOther(() => undefined));
  const startedAt = performance.now();
  expect(await readyz()).toMatchObject({ status: 200, body: { components: { romm: { state: 'down' } } } });
  expect(performance.now() - startedAt).toBeLessThan(1_000);
});

it('asks no RomM where players do not come with its session', async () => {
  let asked = 0;
  const url = await startOther((_request, response) => {
    asked += 1;
    response.end();
  });
  const auth = disposers.use(await startAuth({ identityProviders: ['local'], rommBaseUrl: url }));
  const { body } = await request(auth.url).get('/readyz');
  expect(Object.keys((body as { components: object }).components)).toEqual(['state', 'database']);
  expect(asked).toBe(0);
});

it('warns of an outage that a player met for a minute, not until the next one comes', async () => {
  const romm = disposers.use(await startRommServer(NEWEST));
  romm.behave({ mode: 'bad-gateway' });
  let nowMs = Date.now();
  const { provider } = rommProvider({ baseUrl: romm.url, now: () => nowMs });
  await expect(provider.identify(withSession('any'))).rejects.toMatchObject({ code: 'identity_unavailable' });
  expect(provider.trouble?.()).toMatch(/^Nobody of RomM can sign in: RomM answered 502/);
  nowMs += 61_000;
  expect(provider.trouble?.()).toBeUndefined();
});
