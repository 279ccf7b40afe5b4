/** P2.8, P2.9, P3.8: rooms of other instances, and playing there. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { NetplayRoom } from '@romm-netplay/client';
import type { FederatedClient } from '@romm-netplay/client/federation';
import { CLOSE_CODES } from '@romm-netplay/protocol/wire';
import { createClock, failure, startFederatedClient, type TestClock, until } from './support/client.js';
import { announce, refuseTokens, requests, tokensSeen } from './support/federation.js';
import { problem, seatIn, startServer, type TestServer } from './support/instance.js';

const B = 'http://b.example';
let own: TestServer;
let host: TestServer;
let other: TestServer;
let clock: TestClock;
let netplay: FederatedClient;
beforeEach(async () => {
  [own, host, other] = await Promise.all([startServer(), startServer(), startServer()]);
  clock = createClock();
  netplay = startFederatedClient(own, clock);
  announce(own, [
    { instance: B, nodes: [host.url, other.url], rooms: [{ name: 'far', url: host.url }] },
    { instance: 'http://c.example', nodes: [] },
  ]);
});
afterEach(async () => {
  await netplay.close();
  for (const server of [own, host, other]) {
    expect(server.faults).toEqual([]);
    await server.close();
  }
});

const closed = (room: NetplayRoom) => until(() => room.state === 'closed', 'the end');
const reconnected = (room: NetplayRoom) => until(() => room.state === 'connected', 'the reconnect');
const audiences = () =>
  own.calls.filter(({ path }) => path === '/api/sfu/token').map(({ body }) => body['audience']);

describe('what is shown', () => {
  it('are the rooms here and elsewhere, as the own auth tells of them (P2.8)', async () => {
    const { rooms, foreignRooms, instances } = await netplay.federatedRooms({ gameId: 7 });
    expect([rooms[0]?.room_name, foreignRooms[0]?.room_name, foreignRooms[0]?.instance]).toEqual([
      ...['here', 'far', B],
    ]);
    expect(instances.map(({ issuer }) => issuer)).toEqual([B, 'http://c.example']);
    expect(own.calls).toMatchObject([{ query: { game_id: '7' }, authorization: 'Bearer player' }]);
  });

  it('are the instances that can be visited; agreeing and taking it back are told to auth (P3.8)', async () => {
    const visitable = { issuer: B, label: 'B', shares: 'pairwise', may_visit: true, consent: null };
    const consent = { version: 1, given_at: '2026-01-01T00:00:00.000Z' };
    own.on('/api/federation/instances', () => ({ body: { consent_version: 1, instances: [visitable] } }));
    own.on('/api/federation/consents', () => ({ body: { ...visitable, consent } }));
    own.on('/api/federation/consents/withdraw', () => ({ body: { ok: true } }));
    expect(await netplay.instances()).toEqual([visitable]);
    expect(await netplay.giveConsent(B)).toEqual({ ...visitable, consent });
    await netplay.withdrawConsent(B);
    expect(own.calls.map(({ body }) => body)).toEqual([{}, { audience: B }, { audience: B }]);
  });
});

describe('joining elsewhere (P2.9)', () => {
  it('goes to the announced node with tokens for that instance, and sends it nothing else', async () => {
    await netplay.token('read');
    const room = await netplay.joinRoom({ name: 'far', instance: B, password: 'pw' });
    expect([room.name, room.slot, room.state]).toEqual(['far', 1, 'connected']);
    expect(requests(host)).toEqual(['hello', 'join-room']);
    expect(host.sockets[1]?.data).toMatchObject({ room_name: 'far', password: 'pw' });
    expect(host.sockets[1]?.data).not.toHaveProperty('instance');
    expect(tokensSeen(host)).toEqual([`read 2 for ${B}`, `write 3 for ${B}`]);
    expect([host.calls, other.sockets, own.sockets]).toEqual([[], [], []]);
  });

  it('opens a room on a node of the instance', async () => {
    const room = await netplay.openRoom({ name: 'new', instance: B, visibility: 'federated', admits: [B] });
    expect(room.slot).toBe(0);
    expect(requests(other)).toEqual(['hello', 'open-room']);
    expect(other.sockets[1]?.data).toMatchObject({ visibility: 'federated', admits: [B] });
    expect(tokensSeen(other).every((token) => token.endsWith(B))).toBe(true);
  });

  it('finds a room that is not listed from any node of the instance', async () => {
    other.onRequest('join-room', ({ event, refuse }) => {
      event('room-redirect', { room_name: 'hidden', url: host.url, nodeId: 'x' });
      refuse('room_elsewhere');
    });
    const room = await netplay.joinRoom({ name: 'hidden', instance: B });
    expect([requests(other), requests(host)]).toEqual(
      Array.from({ length: 2 }, () => ['hello', 'join-room']),
    );
    const used = [...tokensSeen(other), ...tokensSeen(host)].filter((token) => token.startsWith('write'));
    expect(new Set(used).size).toBe(2);
    expect(room.state).toBe('connected');
  });

  it('keeps read tokens per instance until 60 s before their expiry, and shares them', async () => {
    const join = () => netplay.joinRoom({ name: 'far', instance: B });
    const rooms = await Promise.all(Array.from({ length: 10 }, join));
    const reads = () => new Set(tokensSeen(host).filter((token) => token.startsWith('read'))).size;
    const writes = () => new Set(tokensSeen(host).filter((token) => token.startsWith('write'))).size;
    expect([reads(), writes(), rooms.length]).toEqual([1, 10, 10]);
    clock.advance(839_000);
    await join();
    expect(reads()).toBe(1);
    clock.advance(1_000);
    await join();
    expect([reads(), writes()]).toEqual([2, 12]);
    expect(await netplay.token('read')).toMatch(/for home$/);
  });

  it('joins at home without an instance, with tokens for home', async () => {
    await netplay.joinRoom({ name: 'here' });
    await netplay.openRoom({ name: 'mine' });
    expect(requests(own)).toEqual(['hello', 'join-room', 'hello', 'open-room']);
    expect(new Set(audiences())).toEqual(new Set([undefined]));
  });

  it('gets its place back with the ticket, and no token of home is shown meanwhile (R4)', async () => {
    const room = await netplay.joinRoom({ name: 'far', instance: B });
    const states: string[] = [];
    room.on('state', (state) => void states.push(state));
    host.cut();
    await until(() => states.includes('reconnecting'), 'the loss');
    await reconnected(room);
    expect(requests(host).slice(2)).toEqual(['hello', 'resume-room']);
    host.onRequest('resume-room', ({ refuse }) => refuse('resume_refused'));
    host.cut();
    await until(() => requests(host).filter((type) => type === 'join-room').length === 2, 'joining again');
    await reconnected(room);
    expect([...tokensSeen(host), ...tokensSeen(other)].every((token) => token.endsWith(B))).toBe(true);
    expect(tokensSeen(own)).toEqual(tokensSeen(own).map(() => 'Bearer player'));
  });

  it('follows a room that moves to another node of its instance (P2.10)', async () => {
    const room = await netplay.joinRoom({ name: 'far', instance: B });
    host.tell('room-redirect', { room_name: 'far', url: other.url, nodeId: 'o', resume_token: 'fresh' });
    await until(() => requests(other).includes('resume-room'), 'the move');
    await reconnected(room);
    expect(other.sockets.at(-1)?.data).toEqual({ room_name: 'far', resume_token: 'fresh' });
    expect(own.count('/api/federation/rooms')).toBe(1);
  });

  it('asks its own auth again about a node it does not know yet', async () => {
    announce(own, [{ instance: B, nodes: [host.url], rooms: [{ name: 'far', url: host.url }] }]);
    const room = await netplay.joinRoom({ name: 'far', instance: B });
    announce(own, [{ instance: B, nodes: [other.url] }]);
    host.tell('room-redirect', { room_name: 'far', url: other.url, nodeId: 'o' });
    await until(() => requests(other).includes('resume-room'), 'the move');
    await reconnected(room);
    expect(own.count('/api/federation/rooms')).toBe(2);
  });
});

describe('what is refused', () => {
  it.each([...['consent_required', 'visits_off', 'audience_not_registered', 'issuer_not_permitted']])(
    'by the own auth with %s is passed on, and no node hears of it',
    async (code) => {
      refuseTokens(own, code);
      const error = await failure(netplay.joinRoom({ name: 'far', instance: B }));
      expect(error).toMatchObject({ code, status: 403, message: `Refused: ${code}.`, retryable: false });
      expect([own.count('/api/sfu/token'), host.sockets.length, clock.pauses]).toEqual([1, 0, []]);
    },
  );

  it('for want of consent works once the player has agreed', async () => {
    refuseTokens(own, 'consent_required');
    expect(await failure(netplay.joinRoom({ name: 'far', instance: B }))).toMatchObject({
      code: 'consent_required',
    });
    announce(own, [{ instance: B, nodes: [host.url] }]);
    expect((await netplay.joinRoom({ name: 'far', instance: B })).state).toBe('connected');
  });

  it.each(['issuer_not_permitted', 'banned_here', 'guests_full'])(
    'by the host with %s is passed on',
    async (code) => {
      host.onRequest('join-room', ({ refuse }) => refuse(code, code === 'guests_full'));
      expect(await failure(netplay.joinRoom({ name: 'far', instance: B }))).toMatchObject({ code });
    },
  );

  it.each(['http://c.example', 'http://unknown.example'])(
    'because nothing is known of %j says so, and may be tried again',
    async (instance) => {
      expect(await failure(netplay.joinRoom({ name: 'far', instance }))).toMatchObject({
        code: 'instance_unknown',
        retryable: true,
      });
    },
  );
});

describe('what ends there', () => {
  const signedIn = async () => {
    const client = startFederatedClient(own, clock, { identity: 'session' });
    await client.signIn();
    return { client, room: await client.joinRoom({ name: 'far', instance: B }) };
  };

  it('with the agreement is no end of the session here, but of the tokens for there', async () => {
    const { client, room } = await signedIn();
    await client.token('read');
    host.closeAll(CLOSE_CODES.sessionEnded.code, CLOSE_CODES.sessionEnded.reason);
    await closed(room);
    expect(room.reason).toMatchObject({ code: 'visit_ended', closeCode: 4403, retryable: false });
    expect(client.player).toMatchObject({ sub: 'u1' });
    const before = own.count('/api/sfu/token');
    expect(await client.token('read')).toMatch(/for home$/);
    expect(own.count('/api/sfu/token')).toBe(before);
    await client.joinRoom({ name: 'far', instance: B });
    expect(audiences().slice(before)).toEqual([B, B]);
    await client.close();
  });

  it('because it is not admitted any more says so, and is not tried again', async () => {
    const { client, room } = await signedIn();
    const reasons: string[] = [];
    room.on('closed', ({ code }) => void reasons.push(code));
    host.closeAll(CLOSE_CODES.notAdmitted.code, CLOSE_CODES.notAdmitted.reason);
    await closed(room);
    expect(room.reason).toMatchObject({ code: 'not_admitted', closeCode: 4410, retryable: false });
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect([reasons, requests(host).length, clock.pauses]).toEqual([['not_admitted'], 2, []]);
    expect(client.player).toMatchObject({ sub: 'u1' });
    await client.close();
  });

  it('is said as clearly when it is found out while coming back', async () => {
    const { client, room } = await signedIn();
    host.onRequest('hello', ({ refuse, socket }) => {
      refuse('token_revoked');
      socket.close(CLOSE_CODES.sessionEnded.code);
    });
    host.cut();
    await closed(room);
    expect(room.reason).toMatchObject({ code: 'visit_ended' });
    expect(client.player).toMatchObject({ sub: 'u1' });
    await client.close();
  });

  it('is begun anew with other tokens when the player agreed again elsewhere', async () => {
    host.onRequest('hello', ({ refuse, reply }, nth) =>
      nth === 1 ? refuse('token_revoked') : reply({ client_id: 'c2' }),
    );
    await netplay.joinRoom({ name: 'far', instance: B });
    expect(tokensSeen(host)[0]).not.toBe(tokensSeen(host)[1]);
  });

  it.each(['giveConsent', 'withdrawConsent'] as const)('is forgotten after %s', async (change) => {
    own.on('/api/federation/consents', () => ({ body: { issuer: B } }));
    own.on('/api/federation/consents/withdraw', () => ({ body: { ok: true } }));
    await netplay.joinRoom({ name: 'far', instance: B });
    await netplay[change](B);
    await netplay.joinRoom({ name: 'far', instance: B });
    expect(new Set(tokensSeen(host).filter((token) => token.startsWith('read'))).size).toBe(2);
  });

  it('with the session here is the end of it as everywhere', async () => {
    const { client } = await signedIn();
    own.on('/api/sfu/token', () => problem(401, 'token_revoked'));
    own.on('/api/auth/refresh', () => problem(401, 'no_session'));
    expect(await failure(client.joinRoom({ name: 'far', instance: B }))).toMatchObject({
      code: 'not_signed_in',
    });
    expect(client.player).toBeUndefined();
    await client.close();
  });
});

it('leaves rooms elsewhere too when the client closes', async () => {
  const room = await netplay.joinRoom({ name: 'far', instance: B });
  await netplay.close();
  expect([room.state, room.reason?.code]).toEqual(['closed', 'left']);
  await until(() => requests(host).includes('leave-room'), 'the goodbye');
});

it('takes no place from a node that gives none', async () => {
  const seat = seatIn('far', 1, 't');
  const forged = [{}, { ...seat, room: null }, { ...seat, resume_token: 7 }, { ...seat, chat: 'x' }];
  forged.push({ ...seat, room: { ...seat.room, users: 'all' } });
  forged.push({ ...seat, room: { ...seat.room, users: [null] } });
  for (const reply of forged) {
    host.onRequest('join-room', (call) => call.reply(reply));
    const error = await failure(netplay.joinRoom({ name: 'far', instance: B }));
    expect(error).toMatchObject({ code: 'bad_response', retryable: false });
  }
  await until(() => host.sockets.every(({ socket }) => socket.readyState === 3), 'the closed sockets');
});
