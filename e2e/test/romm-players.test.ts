/** Players of released RomM, who bring RomM's session and no token of ours: N1, N2. */
import { describe, expect, it } from '@jest/globals';
import { connectNetplay } from '@romm-netplay/client';
import { eventually, ROMM_RELEASES, type RommMode } from '@romm-netplay/testing';
import { randomUUID } from 'node:crypto';
import type { Socket } from 'socket.io-client';
import request from 'supertest';
import { WebSocket } from 'ws';
import { ORIGIN, type RommInstance } from './support/romm-instance.js';
import { connected, listRooms, refusalOf } from './support/romm-page.js';
import { QUICK, useRomm } from './support/use-romm.js';

let instance: RommInstance;
const useInstance = (options?: Parameters<typeof useRomm>[1]) =>
  useRomm((started) => (instance = started), options);

const player = (username: string, options?: Parameters<RommInstance['socket']>[1]) =>
  connected(instance.socket({ cookie: instance.signIn(username).cookie }, options));
const extraFor = (roomName: string, sessionid: string) => ({
  domain: 'romm.example.org',
  game_id: 42,
  room_name: roomName,
  player_name: 'what the page says',
  userid: randomUUID(),
  sessionid,
});
const ask = (socket: Socket, event: string, payload: object) =>
  new Promise<unknown[]>((resolve) => socket.emit(event, payload, (...answer: unknown[]) => resolve(answer)));
const open = (socket: Socket, sessionid: string, more = {}) =>
  ask(socket, 'open-room', { extra: extraFor('friday', sessionid), maxPlayers: 4, ...more });
const join = (socket: Socket, sessionid: string, more = {}) =>
  ask(socket, 'join-room', { extra: extraFor('friday', sessionid), ...more });
const list = (headers: Record<string, string>) => listRooms(instance, headers);

describe.each(ROMM_RELEASES)('players of RomM $name', (release) => {
  useInstance({ release, rommTiming: QUICK });

  it('list, open and join with nothing but RomM’s session; one write token is used up for each', async () => {
    const used: string[] = [];
    const { issue, consume } = instance.state.jtis;
    Object.assign(instance.state.jtis, {
      issue: (...args: Parameters<typeof issue>) =>
        issue(...args).then((jti) => {
          used.push('minted');
          return jti;
        }),
      consume: (...args: Parameters<typeof consume>) =>
        consume(...args).then((won) => {
          used.push(won ? 'used' : 'refused');
          return won;
        }),
    });
    const ada = await player('ada');
    const bob = instance.signIn('bob');
    const session = randomUUID();
    expect(await open(ada, session, { password: 'secret' })).toEqual([null]);
    const { status, body } = await list({ cookie: bob.cookie });
    expect({ status, listed: body[session] }).toEqual({
      status: 200,
      listed: { room_name: 'friday', current: 1, max: 4, player_name: 'ada', hasPassword: true },
    });
    const guest = await connected(instance.socket({ cookie: bob.cookie }));
    expect(await join(guest, session, { password: 'wrong' })).toEqual(['Incorrect password']);
    const [refused, players] = await join(guest, session, { password: 'secret' });
    expect(refused).toBeNull();
    expect(Object.values(players as object).map((each: { player_name: string }) => each.player_name)).toEqual(
      ['ada', 'bob'],
    );
    expect(used).toEqual(['minted', 'used', 'minted', 'used', 'minted', 'used']);
  });

  it('come with a bearer of RomM’s as well, and netplay.v1 takes either', async () => {
    const { id, session } = instance.signIn('ada');
    for (const bearer of [instance.romm.issueBearer(id), instance.romm.issueClientToken(id)]) {
      const headers = { authorization: `Bearer ${bearer}` };
      expect((await list(headers)).status).toBe(200);
      const socket = new WebSocket(`${instance.sfuUrl.replace('http', 'ws')}/ws`, ['netplay.v1'], {
        headers,
      });
      await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
      socket.send(JSON.stringify({ id: 1, type: 'open-room', data: { room_name: bearer.slice(0, 12) } }));
      const reply = await new Promise<{ ok: boolean }>((resolve) =>
        socket.on('message', (data) => {
          const message = JSON.parse((data as Buffer).toString()) as { id?: number; ok: boolean };
          if (message.id === 1) resolve(message);
        }),
      );
      expect(reply.ok).toBe(true);
      socket.close();
    }
    class WithCookie extends WebSocket {
      constructor(url: string, protocols: string[]) {
        super(url, protocols, { headers: { cookie: `romm_session=${session}`, origin: ORIGIN } });
      }
    }
    const socket = await connectNetplay({ sfuUrl: instance.sfuUrl, WebSocket: WithCookie as never });
    expect(socket.hello.name).toBe('ada');
    socket.close();
  });

  it('each who cannot play reads why', async () => {
    const { romm } = instance;
    const disabled = instance.signIn('dis');
    romm.putUser({ id: disabled.id, username: 'dis', enabled: false });
    const signIn = /Sign in to RomM/;
    expect(await refusalOf(instance.socket({}))).toMatch(signIn);
    expect(await refusalOf(instance.socket({ cookie: 'romm_session=made-up' }))).toMatch(signIn);
    expect(await refusalOf(instance.socket({ cookie: disabled.cookie }))).toMatch(signIn);
    romm.behave({ kiosk: true });
    expect(await refusalOf(instance.socket({ cookie: 'romm_session=visitor' }))).toMatch(/kiosk/);
    expect((await list({ cookie: 'romm_session=visitor' })).status).toBe(403);
    romm.behave({ kiosk: false });
    expect((await list({})).status).toBe(401);
  });

  it('end here when they sign out there: sockets, rooms and all', async () => {
    const ada = instance.signIn('ada');
    const [first, second, bob] = [
      await connected(instance.socket({ cookie: ada.cookie })),
      await connected(instance.socket({ cookie: ada.cookie })),
      await player('bob'),
    ];
    const closed = new Promise((resolve) => first.on('netplay-closed', resolve));
    const [session, late] = [randomUUID(), instance.signIn('late').cookie];
    await open(first, session);
    await join(bob, session);
    expect((await list({ cookie: late })).body).toHaveProperty(session);
    instance.romm.revoke(ada.session);
    expect(await closed).toMatchObject({ name: 'sessionEnded' });
    // The host has gone, and with that the room; nobody's page hangs.
    await eventually(() => !first.connected && !second.connected && !bob.connected);
    expect((await list({ cookie: late })).body).not.toHaveProperty(session);
    expect(await refusalOf(instance.socket({ cookie: ada.cookie }))).toMatch(/Sign in to RomM/);
  });
});

describe('how quickly a session ends here', () => {
  it('is within a minute, whatever each part takes', async () => {
    const { ROMM_TIMING } = await import('../../apps/sfu/src/romm/romm-sessions.js');
    const { ROMM_TIMEOUT_MS } = await import('../../apps/auth/src/adapters/romm/romm-identity-provider.js');
    const { checkMs, localMs, tickMs, maxAgeSeconds } = ROMM_TIMING;
    expect(checkMs + localMs + tickMs + maxAgeSeconds * 1000 + ROMM_TIMEOUT_MS).toBeLessThan(60_000);
  });

  describe('for who connects after it', () => {
    useInstance({ rommTiming: { localMs: 0 } });

    it('is the same: auth’s memory of a minute is not added to it', async () => {
      const { session, cookie } = instance.signIn('ada');
      expect((await list({ cookie })).status).toBe(200);
      instance.romm.revoke(session);
      instance.pass(30_000);
      expect(await refusalOf(instance.socket({ cookie }))).toMatch(/Sign in to RomM/);
    });
  });
});

describe('RomM failing', () => {
  useInstance({ rommTiming: QUICK });

  it.each<RommMode>([
    'bad-gateway',
    'html',
    'login-page',
    'redirect',
    'error',
    'malformed',
    'misfit',
    'hang-up',
    'stalled-head',
  ])('%s: a quick 503 with a sentence, never an empty list; and all is well afterwards', async (mode) => {
    const { cookie } = instance.signIn('ada');
    instance.romm.behave({ mode });
    const startedAt = performance.now();
    const { status, body, type } = await list({ cookie });
    expect(performance.now() - startedAt).toBeLessThan(10_000);
    expect({ status, code: body.code, type }).toEqual({
      status: 503,
      code: 'romm_unavailable',
      type: 'application/problem+json',
    });
    expect(body.detail).toMatch(/RomM does not answer/);
    expect(await refusalOf(instance.socket({ cookie }))).toMatch(/RomM does not answer/);
    instance.romm.behave({ mode: 'ok' });
    instance.pass(2_000);
    await eventually(async () => (await list({ cookie })).status === 200);
  });

  it('ends no session and no game', async () => {
    const ada = await player('ada');
    const session = randomUUID();
    expect(await open(ada, session)).toEqual([null]);
    const asked = () => instance.romm.requests.length;
    instance.romm.behave({ mode: 'hang-up' });
    // Auth remembers for ten minutes whom it knew; nobody can be told after that.
    instance.pass(3600_000);
    const before = asked();
    await eventually(() => asked() > before + 1);
    expect(ada.connected).toBe(true);
    instance.romm.behave({ mode: 'ok' });
    const failed = asked();
    await eventually(() => asked() > failed + 1);
    expect(ada.connected).toBe(true);
    const bob = await player('bob');
    expect(await join(bob, session)).toMatchObject([null, {}]);
  });
});

describe('a session of hours', () => {
  useInstance();

  it('opens and joins after three of them without anything being renewed', async () => {
    const [ada, bob] = [await player('ada'), await player('bob')];
    instance.pass(3 * 3600_000);
    expect(await open(ada, 'late')).toEqual([null]);
    expect(await join(bob, 'late')).toMatchObject([null, {}]);
  });

  it('is asked for once, however many connections and lists there are at a time', async () => {
    const { cookie } = instance.signIn('ada');
    const before = instance.romm.requests.length;
    const sockets = Array.from({ length: 10 }, () => connected(instance.socket({ cookie })));
    await Promise.all([...sockets, ...Array.from({ length: 10 }, () => list({ cookie }))]);
    expect(instance.romm.requests.length - before).toBe(1);
  });
});

describe('an attacker', () => {
  useInstance();

  it.each([
    ['another site', { origin: 'https://evil.example' }],
    ['the same host over http', { origin: 'http://romm.example.org' }],
    ['another port', { origin: `${ORIGIN}:8443` }],
    ['a sandboxed frame', { origin: 'null' }],
  ])('on %s cannot use the cookie: sockets, polling, list and actions', async (_what, headers) => {
    const { cookie } = instance.signIn('ada');
    for (const transports of [['websocket'], ['polling']]) {
      const socket = instance.socket({ cookie, ...headers }, { transports });
      await expect(connected(socket)).rejects.toThrow();
    }
    const direct = new WebSocket(`${instance.sfuUrl.replace('http', 'ws')}/netplay/ws`, ['netplay.v1'], {
      headers: { cookie, host: 'romm.example.org', ...headers },
    });
    expect(
      await new Promise((resolve) =>
        direct
          .once('unexpected-response', (_r, { statusCode }) => resolve(statusCode))
          .once('error', () => undefined),
      ),
    ).toBe(403);
    expect((await list({ cookie, ...headers })).status).toBe(403);
    for (const path of ['/create', '/join/friday', '/leave/friday']) {
      const sent = request(instance.sfuUrl)
        .post(path)
        .set({ cookie, host: 'romm.example.org', ...headers });
      const { status, body } = await sent.type('form').send('');
      expect([status, body.code]).toEqual([403, 'origin_refused']);
    }
  });

  it('whose browser tells no origin but that the request crosses sites gets no further', async () => {
    const { cookie } = instance.signIn('ada');
    const crossed = { cookie, 'sec-fetch-site': 'cross-site', host: 'romm.example.org' };
    const { status } = await request(instance.sfuUrl)
      .get('/netplay/socket.io/?EIO=4&transport=polling')
      .set(crossed);
    expect(status).toBe(403);
    expect((await list(crossed)).status).toBe(403);
  });

  it('who is signed in as somebody else changes nothing of a connection', async () => {
    const ada = instance.signIn('ada');
    const mallory = instance.signIn('mallory');
    const socket = instance.socket({ cookie: ada.cookie }, { transports: ['polling'] });
    await connected(socket);
    Object.assign(socket.io.opts.extraHeaders!, { cookie: mallory.cookie });
    const session = randomUUID();
    expect(await open(socket, session)).toEqual([null]);
    const { body } = await list({ cookie: mallory.cookie });
    expect(body).toMatchObject({ [session]: { player_name: 'ada' } });
  });

  it('who puts a token of their own beside RomM’s session takes nobody’s place, and is not in the way', async () => {
    const mallory = instance.signIn('mallory');
    const minted = await request(instance.authUrl)
      .post('/api/sfu/token')
      .set({ cookie: mallory.cookie, origin: ORIGIN });
    const { cookie } = instance.signIn('ada');
    const tossed = `romm_sfu_token=${minted.body.token as string}; ${cookie}`;
    const session = randomUUID();
    const ada = await connected(instance.socket({ cookie: tossed }));
    expect(await open(ada, session)).toEqual([null]);
    expect((await list({ cookie })).body).toMatchObject({ [session]: { player_name: 'ada' } });
  });

  it('cannot use a write token of one connection on another', async () => {
    const ada = instance.signIn('ada');
    const [one, other] = [
      await connected(instance.socket({ cookie: ada.cookie })),
      await connected(instance.socket({ cookie: ada.cookie })),
    ];
    const mint = async (headers: Record<string, string>) =>
      request(instance.authUrl)
        .post('/api/sfu/internal/token')
        .set(headers)
        .send({ token_type: 'write', romm_session: ada.session, socket: one.id });
    expect((await mint({ 'x-romm-sfu-secret': 'guessed' })).status).toBe(401);
    const { body } = await mint({ 'x-romm-sfu-secret': instance.secret });
    const token = body.token as string;
    const session = randomUUID();
    expect(await open(other, session, { token })).toEqual(['unauthorized']);
    // Nor does it say who somebody is.
    const bearer = { authorization: `Bearer ${token}` };
    expect((await list(bearer)).status).toBe(401);
    expect((await request(instance.sfuUrl).post('/leave/friday').set(bearer)).status).toBe(401);
    expect(await refusalOf(instance.socket({}, { auth: { token } }))).toBe('unauthorized');
    expect(await open(one, session, { token })).toEqual([null]);
  });
});

describe('a node that asks auth for everything (A3)', () => {
  useInstance({ withoutState: true });

  it('takes RomM’s session too', async () => {
    const [ada, bob] = [await player('ada'), await player('bob')];
    expect(await open(ada, 'session-a')).toEqual([null]);
    expect(await join(bob, 'session-a')).toMatchObject([null, {}]);
  });
});
