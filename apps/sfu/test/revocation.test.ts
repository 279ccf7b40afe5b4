import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { AUTH_API } from '@romm-netplay/protocol/auth-api';
import { CLOSE_CODES } from '@romm-netplay/protocol/wire';
import {
  createMemoryRevocationLog,
  createMemoryState,
  openRedisState,
  type SharedState,
  StateUnavailableError,
} from '@romm-netplay/shared-state';
import { createDisposers, eventually, type RedisServer, startRedisServer } from '@romm-netplay/testing';
import request from 'supertest';
import { createOpenSockets } from '../src/players/open-sockets.js';
import { codeOf, ISSUER, lose, nextEvent, rawSocket, startNode, type TestNode } from './support/node.js';

const disposers = createDisposers();
let redis: RedisServer;
beforeAll(async () => {
  redis = disposers.use(await startRedisServer());
});
afterAll(() => disposers.closeAll());

let node: TestNode;
afterEach(() => node.close());

const ADA = { sub: 'ada', netplayUsername: 'Ada', sessionId: 'session-of-ada' };
const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
const sessionEnded = { code: CLOSE_CODES.sessionEnded.code, retry: false };

/** Auth as a node without Redis sees it: the endpoint of ended sessions, and one that uses tokens up. */
async function startAuthWithRevocations(secret: string) {
  const log = createMemoryRevocationLog();
  const server = createServer((asked, answer) => {
    const url = new URL(asked.url ?? '', 'http://auth');
    const send = (status: number, body: unknown) =>
      answer.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (asked.headers['x-romm-sfu-secret'] !== secret) send(401, { code: 'internal_secret_wrong' });
    else if (url.pathname !== AUTH_API.revocations.path) send(404, { code: 'not_found' });
    else {
      void log.readAfter(url.searchParams.get('after') ?? undefined).then(({ sessionRefs, cursor }) => {
        send(200, AUTH_API.revocations.reply.parse({ session_refs: sessionRefs, cursor }));
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  disposers.defer(() => {
    server.close();
    server.closeAllConnections();
  });
  return { log, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

type Start = () => Promise<{ node: TestNode; revoke(sessionId: string): Promise<void> }>;
const variants: readonly (readonly [string, Start])[] = [
  [
    'memory (A1)',
    async () => {
      const started = await startNode();
      return { node: started, revoke: started.revoke };
    },
  ],
  [
    'Redis (A2)',
    async () => {
      const elsewhere = await openRedisState({ url: redis.url });
      disposers.defer(() => elsewhere.close());
      const state = await openRedisState({ url: redis.url });
      disposers.defer(() => state.close());
      const started = await startNode({}, { state });
      return {
        node: started,
        revoke: (sessionId) => elsewhere.revocations.append([`${ISSUER} ${sessionId}`]),
      };
    },
  ],
  [
    'auth’s endpoint (A3)',
    async () => {
      const secret = 'internal-secret';
      const { log, url } = await startAuthWithRevocations(secret);
      const withoutState = { state: undefined as never };
      const config = { redisUrl: undefined, internalSecret: secret, authBaseUrl: url };
      const started = await startNode(config, withoutState);
      return { node: started, revoke: (sessionId) => log.append([`${ISSUER} ${sessionId}`]) };
    },
  ],
];

describe.each(variants)('a session that ends, followed over %s (P3.7)', (_how, start) => {
  it('loses its sockets within a second, and its tokens are refused everywhere', async () => {
    const started = await start();
    node = started.node;
    const read = await node.readToken(ADA);
    await eventually(async () => (await rawSocket(node.sfu, bearer(read))).outcome === 'open');
    const other = await node.connect('Ada elsewhere', { ...ADA, sessionId: 'another-session' });
    const ada = await node.connect('Ada', ADA);
    const revokedAt = performance.now();
    await started.revoke(ADA.sessionId);
    expect(await ada.socket.closed).toMatchObject(sessionEnded);
    expect(performance.now() - revokedAt).toBeLessThan(1_000);

    expect((await rawSocket(node.sfu, bearer(read))).outcome).toBe(401);
    const { call, closed } = await rawSocket(node.sfu);
    expect(await call('hello', { token: read })).toMatchObject({
      ok: false,
      error: { code: 'token_revoked', retryable: false },
    });
    expect(await closed).toBe(CLOSE_CODES.sessionEnded.code);
    const listed = await request(node.sfu.url).get('/list').set(bearer(read).headers);
    expect([listed.status, (listed.body as { code: string }).code]).toEqual([401, 'token_revoked']);
    // Sessions are ended one by one, and a write token is as good as its own session.
    const token = (await node.issuer.issueWriteToken(ADA, ISSUER)).token;
    const opening = other.socket.request('open-room', { room_name: 'x', token });
    expect(await codeOf(opening)).toBe('token_revoked');
    expect(await codeOf(other.socket.request('chat-message', { message: 'x' }))).toBe('not_in_room');
  });
});

describe('the places of a session that ends (P3.7, R4)', () => {
  it('are free at once, held or kept', async () => {
    node = await startNode();
    const [bob, ada] = [await node.connect('Bob'), await node.connect('Ada', ADA)];
    await bob.open('den');
    const { resume_token: ticket } = await ada.join('den');
    const left = nextEvent(bob, 'users-updated', ({ users }) => users.length === 1);
    await node.revoke(ADA.sessionId);
    await left;
    // The same player, signed in again, has no place to come back to.
    const again = await node.connect('Ada', { ...ADA, sessionId: 'signed in again' });
    expect(await codeOf(again.resume('den', ticket))).toBe('resume_refused');
    await again.join('den');
    await lose(again, bob);
    const gone = nextEvent(bob, 'users-updated', ({ users }) => users.length === 1);
    await node.revoke('signed in again');
    await gone;
  });

  it('stay with another session of the player that took them over', async () => {
    node = await startNode();
    const ada = await node.connect('Ada', ADA);
    await ada.open('den');
    const tablet = await node.connect('Ada', { ...ADA, sessionId: 'tablet' });
    await tablet.join('den');
    await ada.socket.closed;
    await node.revoke(ADA.sessionId);
    // When a session that ended later is gone, the earlier one has been dealt with.
    const late = await node.connect('Eve', { sub: 'eve', sessionId: 'late' });
    await node.revoke('late');
    await late.socket.closed;
    await tablet.socket.request('chat-message', { message: 'still mine' });
  });

  it('end a room that nobody else plays in, also when it is being opened just now', async () => {
    const memory = createMemoryState();
    let entered: () => void = () => undefined;
    const opening = new Promise<void>((resolve) => (entered = resolve));
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const rooms: SharedState['rooms'] = {
      ...memory.rooms,
      async upsert(record) {
        entered();
        await gate;
        return memory.rooms.upsert(record);
      },
    };
    node = await startNode({}, { state: { ...memory, rooms } });
    const ada = await node.connect('Ada', ADA);
    const opened = codeOf(ada.open('den'));
    await opening;
    await node.revoke(ADA.sessionId);
    expect(await ada.socket.closed).toMatchObject(sessionEnded);
    release();
    await opened;
    await eventually(async () => node.sfu.rooms === 0 && (await memory.rooms.list()).length === 0);
  });
});

describe('when nobody can tell which sessions have ended (P3.7, D9)', () => {
  it('keeps tokens of sessions waiting until the log was read, and lets the others play', async () => {
    const memory = createMemoryState();
    let away = true;
    const revocations: SharedState['revocations'] = {
      ...memory.revocations,
      readAfter: (cursor) =>
        away ? Promise.reject(new StateUnavailableError()) : memory.revocations.readAfter(cursor),
    };
    node = await startNode({}, { state: { ...memory, revocations } });
    const read = await node.readToken(ADA);
    expect((await rawSocket(node.sfu, bearer(read))).outcome).toBe(503);
    const { call, closed } = await rawSocket(node.sfu);
    expect(await call('hello', { token: read })).toMatchObject({
      error: { code: 'unavailable', retryable: true },
    });
    expect(await closed).toBe(CLOSE_CODES.unavailable.code);
    expect((await request(node.sfu.url).get('/list').set(bearer(read).headers)).status).toBe(503);
    await (await node.connect('Bob')).open('den');

    away = false;
    const ada = await eventually(() => node.connect('Ada', ADA));
    await ada.join('den');
    // Away again: what was known last still counts, nobody is thrown out, and nothing is forgotten.
    away = true;
    await node.revoke(ADA.sessionId);
    await expect(node.connect('Ada', { ...ADA, sessionId: 'another' })).resolves.toBeDefined();
    away = false;
    expect(await ada.socket.closed).toMatchObject(sessionEnded);
  });
});

describe('an auth that does not answer with revocations (A3)', () => {
  it.each([
    ['an older one', 404, '{"code":"not_found"}'],
    ['a page of a proxy', 200, '<html></html>'],
    ['another shape', 200, '{"session_refs":"all","cursor":7}'],
  ])('%s: tokens of sessions wait, the others play', async (_what, status, body) => {
    const server = createServer((_asked, answer) => answer.writeHead(status).end(body));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    disposers.defer(() => server.close());
    const authBaseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const config = { redisUrl: undefined, internalSecret: 'x', authBaseUrl };
    node = await startNode(config, { state: undefined as never });
    expect((await rawSocket(node.sfu, bearer(await node.readToken(ADA)))).outcome).toBe(503);
    await expect(node.connect('Bob')).resolves.toBeDefined();
  });
});

describe('sockets by session', () => {
  it('are forgotten with their last socket (D24)', async () => {
    node = await startNode();
    const first = await node.connect('Ada', ADA);
    const second = await node.connect('Ada', ADA);
    const bob = await node.connect('Bob', { sub: 'bob', sessionId: 'session-of-bob' });
    await first.open('den');
    expect(node.sfu.sessions).toBe(2);
    first.socket.close();
    bob.socket.close();
    await eventually(() => node.sfu.sessions === 1);
    second.socket.close();
    await eventually(() => node.sfu.sessions === 0);
    await node.connect('Ada', ADA);
    await node.revoke(ADA.sessionId);
    await eventually(() => node.sfu.sessions === 0 && node.sfu.connections === 0);
  });

  it('reach a socket whose session ended between its verification and its admission', () => {
    const ended = new Set(['early']);
    const sockets = createOpenSockets((sessionRef) => ended.has(sessionRef));
    const closed: string[] = [];
    const player = { issuer: ISSUER, sub: 'ada', playerId: 'p', name: 'Ada', instance: null };
    sockets.add({ player, sessionRef: 'early', end: () => closed.push('early') })();
    expect(closed).toEqual(['early']);
    const end = () => {
      closed.push('late');
      forget();
    };
    const forget = sockets.add({ player, sessionRef: 'late', end });
    sockets.endSession('late');
    sockets.endSession('late');
    expect(closed).toEqual(['early', 'late']);
    expect(sockets.sessions).toBe(0);
  });
});
