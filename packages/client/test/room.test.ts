/** Rooms: taking a place, and keeping it while the line drops (R4, S5, P1.10). */
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { CHANNELS, type NetplayClient, type NetplayRoom } from '@romm-netplay/client';
import { CLOSE_CODES } from '@romm-netplay/protocol/wire';
import { createClock, failure, startClient, type TestClock, until } from './support/client.js';
import { problem, seatIn, startServer, type TestServer } from './support/instance.js';

let server: TestServer;
let clock: TestClock;
let netplay: NetplayClient;
beforeEach(async () => {
  server = await startServer();
  clock = createClock();
  netplay = startClient(server, clock);
});
afterEach(async () => {
  await netplay.close();
  expect(server.faults).toEqual([]);
  await server.close();
});

const requests = () => server.sockets.map(({ type }) => type);
const requested = (type: string) => server.sockets.filter((call) => call.type === type);
const reconnected = (room: NetplayRoom) => until(() => room.state === 'connected', 'the reconnect');
const closed = (room: NetplayRoom) => until(() => room.state === 'closed', 'the end');

async function lose(room: NetplayRoom, code?: number): Promise<void> {
  const lost = new Promise((resolve) => room.on('state', resolve));
  if (code === undefined) server.cut();
  else server.closeAll(code);
  await lost;
}

describe('taking a place', () => {
  it('opens with all that was asked for, and knows who is there', async () => {
    const room = await netplay.openRoom({
      ...{ name: 'friday', maxPlayers: 2, password: 'pw', visibility: 'private' },
      extra: { game_id: 7, rom_hash: 'abc' },
    });
    expect(requests()).toEqual(['hello', 'open-room']);
    expect(requested('open-room')[0]?.data).toEqual({
      ...{ room_name: 'friday', max_players: 2, password: 'pw', visibility: 'private' },
      ...{ extra: { game_id: 7, rom_hash: 'abc' }, token: 'write-2' },
    });
    expect(room).toMatchObject({ name: 'friday', slot: 0, state: 'connected', clientId: 'c1' });
    expect([room.users[0]?.name, room.info.max_players]).toEqual(['Ada', 4]);
  });

  it.each([
    ...['wrong_password', 'room_full', 'too_many_attempts', 'room_not_found', 'already_in_room'],
    ...['invalid_request', 'rooms_full'],
  ])('is not tried again after %s', async (code) => {
    server.onRequest('join-room', ({ refuse }) => refuse(code, code.includes('full')));
    expect(await failure(netplay.joinRoom({ name: 'a', password: 'x' }))).toMatchObject({ code });
    expect(requested('join-room')).toHaveLength(1);
  });

  it.each([
    ['token_used', false, 2],
    ['token_expired', false, 2],
    ['unavailable', true, 4],
    ['keys_unavailable', true, 4],
    ['busy', true, 4],
  ])('is tried with a fresh write token after %s, but not for ever', async (code, retryable, tries) => {
    server.onRequest('join-room', ({ refuse }) => refuse(code, retryable));
    expect(await failure(netplay.joinRoom({ name: 'a' }))).toMatchObject({ code });
    const tokens = requested('join-room').map(({ data }) => data['token']);
    expect([tokens.length, new Set(tokens).size]).toEqual([tries, tries]);
  });

  it.each([
    ['unauthorized', CLOSE_CODES.unauthorized.code, false],
    ['token_key_unknown', CLOSE_CODES.unauthorized.code, false],
    ['keys_unavailable', CLOSE_CODES.unavailable.code, true],
  ])('renews the read token that hello was refused with: %s', async (code, closeCode, retryable) => {
    server.onRequest('hello', ({ refuse, reply, socket }, nth) => {
      if (nth === 1) {
        refuse(code, retryable);
        socket.close(closeCode);
      } else reply({ client_id: 'c2' });
    });
    await netplay.joinRoom({ name: 'a' });
    const [first, second] = requested('hello').map(({ data }) => data['token']);
    expect([first, second].every((token) => (token as string).startsWith('read-'))).toBe(true);
    expect(first).not.toBe(second);
  });

  it('renews it as well when only a close code tells', async () => {
    server.onRequest('hello', ({ reply, socket }, nth) => (nth === 1 ? socket.close(4401) : reply({})));
    await netplay.joinRoom({ name: 'a' });
    expect(requested('hello').map(({ data }) => data['token'])).toEqual(['read-1', 'read-2']);
  });

  it('explains a node that is not there', async () => {
    await server.close();
    const error = await failure(netplay.joinRoom({ name: 'a' }));
    expect(error.code).toBe('unreachable');
    server = await startServer();
  });
});

describe('opening, when an answer is lost', () => {
  it('finds the room it opened, and takes its place there', async () => {
    server.onRequest('open-room', ({ refuse, socket }, nth) =>
      nth === 1 ? socket.terminate() : refuse('room_exists'),
    );
    server.onRequest('join-room', ({ reply }) => reply(seatIn('mine', 0, 't', 'c2', true)));
    const room = await netplay.openRoom({
      name: 'mine',
      password: 'pw',
      extra: { rom_hash: 'h', game_id: 1 },
    });
    expect(room.slot).toBe(0);
    expect(requested('join-room')[0]?.data).toMatchObject({ password: 'pw', extra: { rom_hash: 'h' } });
  });

  it("leaves somebody else's room at once, and says what went wrong at first", async () => {
    server.onRequest('open-room', ({ refuse, socket }, nth) =>
      nth === 1 ? socket.terminate() : refuse('room_exists'),
    );
    server.onRequest('join-room', ({ reply }) => reply(seatIn('mine', 1, 't', 'c2', false)));
    expect(await failure(netplay.openRoom({ name: 'mine' }))).toMatchObject({ code: 'connection_closed' });
    expect(requested('leave-room').length).toBe(requested('join-room').length);
  });

  it('takes a first room_exists at its word', async () => {
    server.onRequest('open-room', ({ refuse }) => refuse('room_exists'));
    expect(await failure(netplay.openRoom({ name: 'mine' }))).toMatchObject({ code: 'room_exists' });
    expect(requests()).toEqual(['hello', 'open-room']);
  });
});

describe('being in a room', () => {
  it('hears events and frames, and sends them', async () => {
    const room = await netplay.joinRoom({ name: 'a' });
    const heard: unknown[] = [];
    room.on('chat-message', ({ message }) => heard.push(message));
    room.on('data-message', ({ data }) => heard.push(data));
    const off = room.on('webrtc-signal', ({ signal }) => heard.push(signal));
    room.onFrame(({ slot, payload }) => heard.push([slot, ...payload]));
    server.tell('chat-message', { message: 'hi' });
    server.tell('data-message', { client_id: 'x', data: { n: 1 } });
    server.tell('webrtc-signal', { client_id: 'x', signal: 's' });
    server.tell('users-updated', { room_name: 'a', users: [] });
    server.broadcast(Buffer.from([0, 3, 9]));
    await until(() => heard.length === 4, 'four messages');
    expect(heard).toEqual(['hi', { n: 1 }, 's', [3, 9]]);
    expect(room.users).toEqual([]);
    off();
    await room.chat('hello');
    await room.sendData({ x: 1 });
    await room.signal('c9', { sdp: '' });
    expect(requests().slice(-3)).toEqual(['chat-message', 'data-message', 'webrtc-signal']);
    expect(room.sendFrame(CHANNELS.input, Uint8Array.of(1))).toBe(true);
  });

  it('goes on when a listener throws, and tells the page', async () => {
    const report = jest.fn();
    Object.assign(globalThis, { reportError: report });
    const room = await netplay.joinRoom({ name: 'a' });
    const heard: string[] = [];
    room.on('chat-message', () => {
      throw new Error('bug of the page');
    });
    room.on('chat-message', ({ message }) => void heard.push(message));
    server.tell('chat-message', { message: 'one' });
    server.tell('chat-message', { message: 'two' });
    await until(() => heard.length === 2, 'both');
    expect(report).toHaveBeenCalledTimes(2);
    Reflect.deleteProperty(globalThis, 'reportError');
  });

  it('survives events of the future and events without sense', async () => {
    const room = await netplay.joinRoom({ name: 'a' });
    server.tell('moon-phase', { full: true });
    for (const odd of ['{}', '{"type":7}', '{"type":"users-updated"}', '{"id":99,"ok":true}', '{"id":98}']) {
      server.broadcast(odd);
    }
    server.tell('users-updated', { users: 'nobody' });
    server.broadcast(Buffer.from([]));
    await room.chat('still there');
    expect(room.users).toHaveLength(1);
  });

  it.each(['<html>', '[', 'null', '7'])('ends with a typed error when %j arrives', async (text) => {
    const room = await netplay.joinRoom({ name: 'a' });
    server.broadcast(text);
    await closed(room);
    expect(room.reason).toMatchObject({ code: 'bad_response', retryable: false });
  });

  it('ends by leaving, once', async () => {
    const room = await netplay.joinRoom({ name: 'a' });
    const reasons: string[] = [];
    room.on('closed', ({ code }) => void reasons.push(code));
    await Promise.all([room.leave(), room.leave()]);
    await until(() => requested('leave-room').length > 0, 'the goodbye');
    expect([requested('leave-room').length, room.state, reasons]).toEqual([1, 'closed', ['left']]);
    expect(room.sendFrame(CHANNELS.input, Uint8Array.of(1))).toBe(false);
    expect(await failure(room.chat('x'))).toMatchObject({ code: 'left' });
  });

  it('ends for spectators when the last player leaves', async () => {
    const room = await netplay.joinRoom({ name: 'a', spectator: true });
    const heard: string[] = [];
    room.on('room-closed', ({ room_name: name }) => void heard.push(name));
    server.tell('room-closed', { room_name: 'a' });
    await closed(room);
    expect([room.reason?.code, heard]).toEqual(['room_closed', ['a']]);
  });
});

describe('a lost line', () => {
  it('is replaced soon, with the ticket, the same listeners and the new connection', async () => {
    const room = await netplay.joinRoom({ name: 'a' });
    const states: string[] = [];
    const heard: string[] = [];
    room.on('state', (state) => void states.push(state));
    room.on('chat-message', ({ message }) => void heard.push(message));
    await lose(room);
    expect(room.sendFrame(CHANNELS.input, Uint8Array.of(1))).toBe(false);
    expect(await failure(room.chat('x'))).toMatchObject({ code: 'reconnecting', retryable: true });
    await reconnected(room);
    expect(requested('resume-room').map(({ data }) => data)).toEqual([
      { room_name: 'a', resume_token: 'j1' },
    ]);
    server.tell('chat-message', { message: 'again' });
    await until(() => heard.length === 1, 'the message');
    expect([states, room.clientId, clock.pauses]).toEqual([['reconnecting', 'connected'], 'c2', [375]]);
    await lose(room);
    await reconnected(room);
    expect(requested('resume-room').at(-1)?.data['resume_token']).toBe('r1');
    // No new read token, and no write token at all: the ticket is enough.
    expect(server.count('/api/sfu/token')).toBe(2);
  });

  it.each([
    ...[1001, CLOSE_CODES.helloTimeout.code, CLOSE_CODES.slowReader.code, CLOSE_CODES.tooManyMessages.code],
    ...[CLOSE_CODES.unavailable.code, 1011, 1012, 1013],
  ])('is also what close code %i means', async (code) => {
    const room = await netplay.joinRoom({ name: 'a' });
    await lose(room, code);
    await reconnected(room);
    expect(requested('resume-room')).toHaveLength(1);
  });

  it('joins again when nobody keeps the place, with a fresh write token and all that was said before', async () => {
    const options = { name: 'a', password: 'pw', spectator: true, extra: { core_type: 'snes' } };
    const room = await netplay.joinRoom(options);
    server.onRequest('resume-room', ({ refuse }) => refuse('resume_refused'));
    await lose(room);
    await reconnected(room);
    const [first, second] = requested('join-room').map(({ data }) => data);
    expect(second).toEqual({ ...first, token: 'write-3' });
  });

  it('ends where joining again is refused for good', async () => {
    const room = await netplay.joinRoom({ name: 'a' });
    server.onRequest('resume-room', ({ refuse }) => refuse('resume_refused'));
    server.onRequest('join-room', ({ refuse }) => refuse('wrong_password'));
    await lose(room);
    await closed(room);
    expect(room.reason?.code).toBe('wrong_password');
    expect(requested('join-room')).toHaveLength(2);
  });

  it('waits for a node that has not noticed yet, or that is full for a moment', async () => {
    const room = await netplay.joinRoom({ name: 'a' });
    server.onRequest('resume-room', ({ refuse }) => refuse('resume_refused'));
    const refusals: Record<number, string> = { 2: 'already_in_room', 3: 'room_full' };
    server.onRequest('join-room', ({ refuse, reply }, nth) => {
      const code = refusals[nth];
      if (code) refuse(code, code === 'room_full');
      else reply(seatIn('a', 1, 't'));
    });
    await lose(room);
    await reconnected(room);
    expect(requested('join-room')).toHaveLength(4);
  });

  it.each([
    [CLOSE_CODES.takenOver.code, 'taken_over'],
    [CLOSE_CODES.sessionEnded.code, 'session_ended'],
    [CLOSE_CODES.badMessage.code, 'connection_closed'],
    [CLOSE_CODES.tooLarge.code, 'connection_closed'],
    [1000, 'connection_closed'],
    [1009, 'connection_closed'],
  ])('is not replaced after close code %i', async (code, reason) => {
    const room = await netplay.joinRoom({ name: 'a' });
    const before = server.sockets.length;
    const reasons: unknown[] = [];
    room.on('closed', (error) => void reasons.push(error.code));
    server.closeAll(code, 'because');
    await closed(room);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect([room.reason?.code, room.reason?.closeCode, reasons]).toEqual([reason, code, [reason]]);
    expect([server.sockets.length, clock.pauses, room.reason?.retryable]).toEqual([before, [], false]);
  });

  it('ends the session too when the node says that it is over', async () => {
    const own = startClient(server, clock, { identity: 'session' });
    await own.signIn();
    const room = await own.joinRoom({ name: 'a' });
    server.closeAll(CLOSE_CODES.sessionEnded.code);
    await closed(room);
    expect(own.player).toBeUndefined();
    await own.close();
  });

  it('is given up after a minute, with pauses that grow, and are neither even nor longer than 8 s', async () => {
    let seed = 7;
    const random = () => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647;
    const own = startClient(server, clock, { random });
    const room = await own.joinRoom({ name: 'a' });
    server.onRequest('hello', ({ socket }) => socket.terminate());
    server.on('/resolve', () => problem(404, 'room_not_found'));
    await lose(room);
    const lostAtMs = clock.now();
    await closed(room);
    expect(room.reason).toMatchObject({ code: 'reconnect_failed', retryable: true, closeCode: 1006 });
    expect(clock.now() - lostAtMs).toBeLessThanOrEqual(60_000);
    expect(clock.now() - lostAtMs).toBeGreaterThan(50_000);
    clock.pauses.forEach((ms, attempt) => {
      const ceiling = Math.min(8_000, 500 * 2 ** attempt);
      expect(ms).toBeGreaterThanOrEqual(ceiling / 2);
      expect(ms).toBeLessThanOrEqual(ceiling);
    });
    expect(new Set(clock.pauses).size).toBe(clock.pauses.length);
    await own.close();
  });

  it('does not ask while the device is offline, and asks at once when it is back', async () => {
    let back: () => void = () => undefined;
    let offline: Promise<void> | undefined = new Promise((resolve) => (back = resolve));
    let naps = 0;
    const sleep = (ms: number) => (ms < 1_000 ? clock.sleep(ms) : ((naps += 1), new Promise<void>(() => {})));
    const own = startClient(server, clock, { online: () => offline, sleep });
    const room = await own.joinRoom({ name: 'a' });
    await lose(room);
    await until(() => naps === 1, 'the wait');
    expect(requested('resume-room')).toHaveLength(0);
    offline = undefined;
    back();
    await reconnected(room);
    expect(requested('resume-room')).toHaveLength(1);
    void own.close();
  });

  it('stops trying when the player leaves meanwhile', async () => {
    const room = await netplay.joinRoom({ name: 'a' });
    let held: (() => void) | undefined;
    server.onRequest('resume-room', ({ reply }) => (held = () => reply(seatIn('a', 1, 't'))));
    await lose(room);
    await until(() => held !== undefined, 'the attempt');
    await room.leave();
    held?.();
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect([room.state, room.reason?.code]).toEqual(['closed', 'left']);
    expect(requested('resume-room')).toHaveLength(1);
  });

  it('ends where nobody is signed in any more', async () => {
    const room = await netplay.joinRoom({ name: 'a' });
    clock.advance(900_000);
    server.on('/api/sfu/token', () => problem(403, 'not_signed_in'));
    await lose(room);
    await closed(room);
    expect(room.reason).toMatchObject({ code: 'not_signed_in', status: 403 });
  });
});

describe('what a room is asked, and tells', () => {
  const enter = async () => {
    const room = await netplay.openRoom({ name: 'friday' });
    const { event } = requested('open-room')[0]!;
    return { room, event };
  };

  it('asks anything that members and owners may ask', async () => {
    const { room } = await enter();
    server.onRequest('kick-player', ({ reply }) => reply({ bans: [] }));
    server.onRequest('player-ready', ({ refuse }) => refuse('wrong_phase'));
    expect(await room.request('kick-player', { player_id: 'p2', ban: true })).toEqual({ bans: [] });
    expect(requested('kick-player')[0]?.data).toEqual({ player_id: 'p2', ban: true });
    expect(await failure(room.request('player-ready', {}))).toMatchObject({ code: 'wrong_phase' });
    await lose(room);
    expect(await failure(room.request('player-ready', {}))).toMatchObject({ code: 'reconnecting' });
  });

  it('passes on every event, of types it does not know as well', async () => {
    const { room, event } = await enter();
    const heard: unknown[] = [];
    for (const type of ['lobby-state', 'game-launch', 'of-the-future'] as const) {
      room.on(type as 'lobby-state', (data) => heard.push([type, data]));
    }
    event('lobby-state', { phase: 'lobby', ready: ['p'] });
    event('of-the-future', { any: 'thing' });
    await until(() => heard.length === 2, 'both events');
    expect(heard).toEqual([
      ['lobby-state', { phase: 'lobby', ready: ['p'] }],
      ['of-the-future', { any: 'thing' }],
    ]);
  });

  it('takes no event of a server for one of its own', async () => {
    const { room, event } = await enter();
    const heard: unknown[] = [];
    for (const type of ['state', 'closed'] as const) room.on(type, (data: unknown) => heard.push(data));
    room.onFrame((frame) => heard.push(frame));
    for (const type of ['state', 'closed', 'frame', '*']) event(type, { payload: 'forged' });
    const last = new Promise((resolve) => room.on('lobby-state', resolve));
    event('lobby-state', { phase: 'lobby', ready: [] });
    await last;
    expect([heard, room.state]).toEqual([[], 'connected']);
  });

  it('knows its slot and what the owner made of the room', async () => {
    const { room, event } = await enter();
    const { users, ...info } = seatIn('friday', 3, 't', 'c1').room;
    const told = new Promise((resolve) => room.on('room-updated', resolve));
    event('users-updated', { room_name: 'friday', users });
    event('room-updated', { ...info, max_players: 8 });
    await told;
    expect([room.slot, room.info.max_players, room.history]).toEqual([3, 8, []]);
  });

  it('is over for who is kicked', async () => {
    const { room, event } = await enter();
    event('kicked', { room_name: 'friday', banned: false });
    await closed(room);
    expect(room.reason).toMatchObject({ code: 'kicked', retryable: false });
    expect(requested('resume-room')).toEqual([]);
  });
});
