import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@romm-netplay/testing';
import request from 'supertest';
import { connectLegacy, sfuExtra, stockExtra } from './support/legacy-player.js';
import { startNode, type TestNode } from './support/node.js';

const ADA = { sub: 'ada', netplayUsername: 'Ada' };
const BOB = { sub: 'bob', netplayUsername: 'Bob' };

let node: TestNode;
beforeEach(async () => {
  node = await startNode();
});
afterEach(() => node.close());

const post = async (path: string, body: object, subject = ADA, token?: string) =>
  request(node.sfu.url)
    .post(path)
    .set('authorization', `Bearer ${token ?? (await node.writeToken(subject))}`)
    .send(body);
const get = async (path: string) =>
  request(node.sfu.url)
    .get(path)
    .set('authorization', `Bearer ${await node.readToken(ADA)}`);
const told = ({ status, body }: { status: number; body: { error?: string } }) => [status, body.error];

describe('POST /create, /join/:roomId and /leave/:roomId (D10, D11, D19, D20)', () => {
  it.each(['', '/netplay'])('%s open a room, take a place and give it up', async (prefix) => {
    const created = await post(`${prefix}/create`, {
      room_name: 'den',
      max_players: 2,
      netplay_mode: 0,
      rom_hash: null,
    });
    expect(created.status).toBe(200);
    expect(created.body).toMatchObject({
      room_id: 'den',
      room: { room_name: 'den', current: 1, max: 2, hasPassword: false, nodeId: 'node-a' },
      resume_token: expect.any(String),
    });
    const joined = await post(`${prefix}/join/den`, { player_name: 'Somebody', domain: 'x' }, BOB);
    expect(joined.body).toMatchObject({ room_id: 'den', room: { current: 2 } });
    expect(told(await post(`${prefix}/join/den`, {}, { sub: 'cid', netplayUsername: 'Cid' }))).toEqual([
      409,
      'room is full',
    ]);
    expect((await post(`${prefix}/leave/den`, {}, BOB)).body).toEqual({ success: true });
    expect((await get(`${prefix}/list`)).body).toMatchObject({ den: { current: 1 } });
    await post(`${prefix}/leave/den`, {});
    await eventually(() => node.sfu.rooms === 0);
  });

  it('lets the same player in by any socket, and nobody else (D11)', async () => {
    await post('/create', { room_name: 'den', password: 'secret', game_id: 7 });
    const bob = await connectLegacy(node, 'Bob', { subject: BOB });
    expect(await bob.enter('open-room', sfuExtra('den'))).toEqual(['room exists']);
    expect(await bob.enter('join-room', sfuExtra('den'))).toEqual(['bad password']);
    const ada = await connectLegacy(node, 'Ada', { subject: ADA });
    expect(await ada.enter('open-room', sfuExtra('den'))).toEqual([null]);
    const [users] = await ada.heard('users-updated');
    expect(Object.values(users as object)).toMatchObject([{ player_name: 'Ada', is_host: true }]);
    expect((await post('/join/den', {})).body).toMatchObject({ room: { current: 1 } });
    expect(ada.socket.connected).toBe(true);
  });

  it.each<[said: object, answer: unknown]>([
    [{}, null],
    [{ allow_spectators: true, spectator_mode: 1 }, null],
    [{ allow_spectators: false }, 'spectators not allowed'],
    [{ spectator_mode: 0 }, 'spectators not allowed'],
    [{ allow_spectators: null, spectator_mode: 'x' }, null],
  ])('%j: whether others may watch', async (said, answer) => {
    expect((await post('/create', { room_name: 'den', ...said })).status).toBe(200);
    const bob = await connectLegacy(node, 'Bob', { subject: BOB });
    const [error] = await bob.enter('join-room', sfuExtra('den', { is_spectator: true }));
    expect(error).toBe(answer);
  });

  it('gives a ticket that a socket of netplay.v1 resumes with', async () => {
    const { body } = await post('/create', { room_name: 'den' });
    const ada = await node.connect('Ada', ADA);
    expect(await ada.resume('den', body.resume_token as string)).toMatchObject({ slot: 0 });
  });

  it('frees the place of whoever never connects, when the grace time is over (D20)', async () => {
    let now = Date.now();
    await node.close();
    node = await startNode({}, { now: () => now });
    await post('/create', { room_name: 'den' });
    expect(node.sfu.rooms).toBe(1);
    now += 61_000;
    await eventually(() => node.sfu.rooms === 0);
    expect((await post('/create', { room_name: 'den' })).status).toBe(200);
  });

  it.each<[string, string, object, number, string]>([
    ['/create', 'no name', {}, 400, 'room_name is required'],
    ['/create', 'a name of white space', { room_name: ' ' }, 400, 'has nothing in it that is shown'],
    ['/create', 'dots alone', { room_name: '..' }, 400, 'must not be "." or ".."'],
    ['/create', 'a taken name', { room_name: 'den' }, 409, 'room already exists'],
    ['/join/nowhere', 'an unknown room', {}, 404, 'room not found'],
    ['/join/den', 'no password', {}, 403, 'incorrect password'],
    ['/join/den', 'a wrong password', { password: 'wrong' }, 403, 'incorrect password'],
  ])('%s with %s: %d', async (path, _what, body, status, word) => {
    await post('/create', { room_name: 'den', password: 'secret' });
    const token = await node.writeToken(BOB);
    const refused = await post(path, body, BOB, token);
    expect(told(refused)).toEqual([status, word]);
    expect(refused.type).toBe('application/problem+json');
    // What could be known beforehand used up no token (D10).
    const again = await post('/create', { room_name: 'next' }, BOB, token);
    expect(again.status).toBe(status === 403 ? 401 : 200);
  });
});

describe('tokens (D7, D9)', () => {
  it.each(['/create', '/join/den', '/leave/den', '/list', '/resolve'])(
    '%s without one: 401 unauthorized',
    async (path) => {
      const agent = request(node.sfu.url);
      const sent =
        path === '/list' || path === '/resolve'
          ? agent.get(path).query({ room: 'den' })
          : agent.post(path).send({ room_name: 'x' });
      expect(told(await sent)).toEqual([401, 'unauthorized']);
    },
  );

  it('a read token opens nothing, and a write token opens once', async () => {
    const read = await node.readToken(ADA);
    expect(told(await post('/create', { room_name: 'den' }, ADA, read))).toEqual([401, 'unauthorized']);
    const write = await node.writeToken(ADA);
    expect((await post('/create', { room_name: 'den' }, ADA, write)).status).toBe(200);
    expect(told(await post('/create', { room_name: 'den2' }, ADA, write))).toEqual([401, 'unauthorized']);
  });

  it('503 auth unavailable when nobody can tell', async () => {
    const nowhere = { redisUrl: undefined, authBaseUrl: 'http://127.0.0.1:1' };
    await node.close();
    node = await startNode(nowhere, { keys: undefined as never });
    expect(told(await get('/list'))).toEqual([503, 'auth unavailable']);
  });
});

describe('GET /list as EmulatorJS asks (D21)', () => {
  it('keys rooms by the session id of their opener, else by what they are registered under', async () => {
    const stock = await connectLegacy(node, 'Ada', { subject: ADA });
    await stock.enter('open-room', stockExtra('den', 'session-1'), { password: 'x', maxPlayers: 2 });
    await (await node.connect('Bob', BOB)).open('chess', { extra: { game_id: 7 } });
    const { body } = await get('/list?domain=games.example.org&game_id=7');
    expect(body).toMatchObject({
      'session-1': { room_name: 'den', current: 1, max: 2, player_name: 'Ada', hasPassword: true },
      'name:chess\n7': { room_name: 'chess', player_name: 'Bob', hasPassword: false },
    });
    expect(Object.keys((await get('/list?game_id=7')).body as object).sort()).toEqual(['chess', 'den']);
    expect((await get('/list?domain=x&game_id=8')).body).toEqual({});
    expect(Object.keys((await get('/list?domain=x&game_id=undefined')).body as object)).toHaveLength(2);
    const cid = await connectLegacy(node, 'Cid');
    expect(await cid.enter('join-room', stockExtra('chess', 'chess'))).toMatchObject([null, {}]);
  });
});
