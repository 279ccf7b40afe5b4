/** What keeps auth from telling a node who players of RomM are, and where the node says so: N2, P4.8. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { CLOSE_CODES } from '@romm-netplay/protocol/wire';
import { createLogger } from '@romm-netplay/service-kit';
import { createDisposers, eventually } from '@romm-netplay/testing';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import request from 'supertest';
import { WebSocket } from 'ws';
import { servicesOverAuth } from '../src/adapters/shared-services.js';
import { startNode } from './support/node.js';

const SECRET = 'an-internal-secret-of-these-tests';
const disposers = createDisposers();
afterEach(() => disposers.closeAll());

interface Said {
  readonly status: number;
  readonly body: string;
  readonly headers?: Record<string, string>;
}
const problem = (status: number, code: string): Said => ({ status, body: JSON.stringify({ code }) });
/** What auth answers for nobody's credential, where all is well. */
const WELL = problem(403, 'not_signed_in');

/** In place of auth; says the same to everything. */
async function startAuth(first: Said) {
  let said = first;
  const bodies: string[] = [];
  const server = createServer((incoming, response) => {
    incoming.on('data', (chunk: Buffer) => bodies.push(chunk.toString()));
    incoming.on('end', () => response.writeHead(said.status, said.headers ?? {}).end(said.body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  disposers.defer(() => server.close());
  disposers.defer(() => server.closeAllConnections());
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    bodies,
    says: (next: Said) => void (said = next),
  };
}

async function startWith(authBaseUrl: string) {
  const lines: string[] = [];
  const log = createLogger('sfu', 'warn', { write: (line) => void lines.push(line) });
  const changes = { rommIdentity: true, internalSecret: SECRET, authBaseUrl };
  const node = disposers.use(await startNode(changes, { log }));
  const said = () =>
    lines
      .map((line) => JSON.parse(line) as { level: number; msg: string; reason?: string })
      .filter(({ msg }) => msg.startsWith('auth'));
  const auth = async () => {
    const { status, body } = await request(node.sfu.url).get('/readyz');
    return { status, auth: (body as { components: Record<string, object> }).components['auth'] };
  };
  return { node, auth, said, lines };
}

const CASES: [what: string, said: Said, code: string, says: RegExp][] = [
  [
    'refuses its secret',
    problem(401, 'internal_secret_wrong'),
    'internal_secret_wrong',
    /Auth refuses the internal secret of this node \(ROMM_SFU_INTERNAL_SECRET\)\./,
  ],
  [
    'has no secret',
    problem(503, 'internal_secret_unset'),
    'internal_secret_unset',
    /Auth has no internal secret \(ROMM_SFU_INTERNAL_SECRET\)/,
  ],
  ['does not ask RomM', problem(409, 'romm_off'), 'romm_off', /does not ask RomM .* IDENTITY_PROVIDERS/],
  ['is starting', problem(503, 'starting'), 'starting', /Auth is starting\./],
  ['fails', problem(503, 'database_unavailable'), 'database_unavailable', /503 \(database_unavailable\)/],
  [
    'is RomM',
    { status: 404, body: '{"detail":"Not Found"}' },
    'auth_not_there',
    /at ROMM_API_BASE_URL is not auth \(status 404\)/,
  ],
  ['is a page', { status: 200, body: '<html>' }, 'auth_not_there', /is not auth \(status 200\)/],
  [
    'is elsewhere',
    { status: 302, body: '', headers: { location: 'http://127.0.0.1:1/' } },
    'auth_not_there',
    /is not auth \(status 302\)/,
  ],
];

describe.each(CASES)('auth that %s', (_what, told, code, says) => {
  it('is in readiness with its reason, in the log once and once when it is mended, and in answers', async () => {
    const fake = await startAuth(told);
    const { node, auth, said, lines } = await startWith(fake.url);
    for (let i = 0; i < 3; i += 1) {
      // Players with tokens come, and games go on.
      expect(await auth()).toMatchObject({
        status: 200,
        auth: { state: 'down', code, detail: expect.stringMatching(says) },
      });
    }
    const list = () =>
      request(node.sfu.url).get('/api/netplay/list?game_id=1').set('cookie', 'romm_session=a-session');
    const { status, body } = await list();
    expect(status).toBe(503);
    // Not the shared state, which is well.
    expect(body).toMatchObject({ code: 'state_unavailable', detail: expect.stringMatching(says) });
    expect(said()).toEqual([expect.objectContaining({ level: 50, reason: expect.stringMatching(says) })]);
    fake.says(WELL);
    await eventually(async () => expect(await auth()).toMatchObject({ auth: { state: 'up' } }));
    expect(said().slice(1)).toEqual([
      expect.objectContaining({ level: 40, msg: 'auth says who players of RomM are' }),
    ]);
    expect(JSON.stringify({ body, lines })).not.toMatch(new RegExp(`${SECRET}|a-session|127\\.0\\.0\\.1`));
  });
});

it('a socket is told that it cannot be done just now, and to try again', async () => {
  const fake = await startAuth(problem(401, 'internal_secret_wrong'));
  const { node } = await startWith(fake.url);
  const socket = new WebSocket(`${node.sfu.url.replace('http', 'ws')}/ws`, 'netplay.v1', {
    headers: { cookie: 'romm_session=a-session' },
  });
  socket.on('error', () => undefined);
  const closed = new Promise<number>((resolve) => socket.on('close', resolve));
  socket.on('open', () => socket.send(JSON.stringify({ id: 1, type: 'hello', data: {} })));
  expect(await closed).toBe(CLOSE_CODES.unavailable.code);
});

it('auth that does not answer is told from one that does', async () => {
  const { auth, said } = await startWith('http://127.0.0.1:1');
  const says = /^This node does not reach auth at ROMM_API_BASE_URL \(.+\)\.$/;
  expect(await auth()).toMatchObject({
    status: 200,
    auth: { code: 'auth_unreachable', detail: expect.stringMatching(says) },
  });
  expect(said()).toMatchObject([{ reason: expect.stringMatching(says) }]);
});

it('auth is asked for a token of nobody', async () => {
  const fake = await startAuth(WELL);
  const { auth, said } = await startWith(fake.url);
  expect(await auth()).toMatchObject({ status: 200, auth: { state: 'up' } });
  expect(new Set(fake.bodies)).toEqual(new Set(['{}']));
  expect(said()).toEqual([]);
});

it('a node that takes tokens only asks auth nothing', async () => {
  const node = disposers.use(await startNode());
  const { body } = await request(node.sfu.url).get('/readyz');
  expect(Object.keys((body as { components: object }).components)).toEqual(['state', 'keys']);
});

it.each([
  ['a secret that auth refuses', problem(401, 'internal_secret_wrong'), 'internal_secret_wrong'],
  ['RomM in place of auth', { status: 404, body: '{"detail":"Not Found"}' }, 'auth_not_there'],
])('the state of a node without Redis (A3) is down for %s', async (_what, told, code) => {
  const fake = await startAuth(told);
  const { probe } = servicesOverAuth({ baseUrl: fake.url, secret: SECRET });
  await expect(probe()).rejects.toMatchObject({ name: 'ComponentTrouble', code });
  fake.says(problem(404, 'room_not_found'));
  expect(await probe()).toEqual(expect.any(Number));
});
