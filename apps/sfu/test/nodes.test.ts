/** Several nodes of one instance: P2.9 (redirects), P2.10 (rooms that move), P4.3 (heartbeats). */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Events, Replies } from '@romm-netplay/protocol';
import { CHANNELS, CLOSE_CODES } from '@romm-netplay/protocol/wire';
import {
  createMemoryState,
  openRedisState,
  type SharedState,
  StateUnavailableError,
} from '@romm-netplay/shared-state';
import { createDisposers, eventually, type RedisServer, startRedisServer } from '@romm-netplay/testing';
import { memory, type NodesOverState, startNodesOver, urlOf } from './support/nodes.js';
import {
  codeOf,
  lose,
  nextEvent,
  rawSocket,
  startNode,
  type TestNode,
  type TestPlayer,
} from './support/node.js';

const disposers = createDisposers();
afterEach(() => disposers.closeAll());

const startNodes = (...how: NodesOverState) => startNodesOver(disposers, ...how);

const redirectOf = (player: TestPlayer) => nextEvent(player, 'room-redirect');
const ticketOf = ({ resume_token: ticket }: Events['room-redirect']): string => ticket ?? 'none';
/** A player of the first node on the second. */
const follow = (node: TestNode, { subject }: TestPlayer): Promise<TestPlayer> =>
  node.connect(subject.netplayUsername ?? 'Player', subject);

async function resolveAt({ sfu, readToken }: TestNode, room: string) {
  const response = await fetch(`${sfu.url}/resolve?${new URLSearchParams({ room }).toString()}`, {
    headers: { authorization: `Bearer ${await readToken({ sub: 'ada' })}` },
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

describe.each(['memory', 'Redis'] as const)('nodes over %s', (kind) => {
  let redis: RedisServer | undefined;
  beforeAll(async () => {
    if (kind === 'Redis') redis = await startRedisServer();
  });
  afterAll(() => redis?.close());

  let openState: () => Promise<SharedState>;
  beforeEach(async () => {
    if (redis === undefined) {
      openState = memory();
      return;
    }
    const { url } = redis;
    await redis.restart();
    openState = async () => disposers.use(await openRedisState({ url }));
  });

  it('tell of themselves while they run, and no longer when they have stopped (P4.3)', async () => {
    const { a, state } = await startNodes(openState, undefined, { region: 'eu-west', maxRooms: 7 });
    const listed = (await state.nodes.list()).find(({ nodeId }) => nodeId === 'node-a');
    expect(listed).toMatchObject({
      ...{ region: 'eu-west', rooms: 0, sockets: 0, maxRooms: 7, draining: false, adopts: true },
      url: expect.stringMatching(/^http:\/\/localhost:\d+$/),
    });
    await a.sfu.close();
    expect((await state.nodes.list()).map(({ nodeId }) => nodeId)).toEqual(['node-b']);
  });

  it('send who joins on the wrong node to the right one, without using up the token (P2.9)', async () => {
    const { a, b, state } = await startNodes(openState);
    await (await a.connect('Ada')).open('den');
    const bob = await b.connect('Bob');
    const token = await bob.writeToken();
    const wish = { room_name: 'den', token };
    const told = redirectOf(bob);
    expect(await codeOf(bob.socket.request('join-room', wish))).toBe('room_elsewhere');
    expect(await told).toEqual({ room_name: 'den', url: await urlOf(state, 'node-a'), nodeId: 'node-a' });
    const there = await follow(a, bob);
    await expect(there.socket.request('join-room', wish)).resolves.toMatchObject({ slot: 1 });
    const toldAgain = redirectOf(bob);
    expect(await codeOf(bob.resume('den', 'x'))).toBe('room_elsewhere');
    expect(await toldAgain).toMatchObject({ nodeId: 'node-a' });
  });

  it('send nobody to where only the record of a room points (P2.9, D3)', async () => {
    const { a, b, state } = await startNodes(openState);
    const evil = { current: 1, max: 4, hasPassword: false, url: 'https://evil.example' };
    await state.rooms.upsert({ ...evil, room_name: 'trap', nodeId: 'nobody' });
    await state.rooms.upsert({ ...evil, room_name: 'bent', nodeId: 'node-b' });
    const ada = await a.connect('Ada');
    const told: string[] = [];
    ada.socket.on('room-redirect', ({ url }) => void told.push(url));
    expect(await codeOf(ada.join('trap'))).toBe('node_not_allowed');
    expect(await codeOf(ada.resume('trap', 'x'))).toBe('node_not_allowed');
    expect((await resolveAt(a, 'trap')).status).toBe(409);
    expect(told).toEqual([]);
    expect(await codeOf(ada.join('bent'))).toBe('room_elsewhere');
    expect(told).toEqual([await urlOf(state, 'node-b')]);
    expect((await resolveAt(a, 'bent')).body).toMatchObject({ url: told[0] });
    expect((await resolveAt(b, 'bent')).body).toMatchObject({ url: told[0] });
  });

  it('move a room as it is: slots, owner, password, ban, chat; with tickets that work once (P2.10)', async () => {
    const { a, b, state } = await startNodes(openState);
    const [ada, bob, cid, dan] = [
      ...[await a.connect('Ada'), await a.connect('Bob'), await a.connect('Cid'), await a.connect('Dan')],
    ] as const;
    const { room } = await ada.open('den', { password: 'sesame', visibility: 'private' });
    const password = { password: 'sesame' };
    for (const player of [cid, bob]) await player.join('den', password);
    const { resume_token: dansTicket } = await dan.join('den', password);
    await ada.socket.request('kick-player', {
      player_id: cid.socket.hello.player_id,
      ban: true,
    });
    await bob.socket.request('chat-message', { message: 'see you there' });
    await lose(dan, bob);
    const told = Promise.all([ada, bob].map(redirectOf));

    const drained = a.sfu.drain();
    const [toAda, toBob] = await told;
    for (const redirect of [toAda!, toBob!]) {
      const url = await urlOf(state, 'node-b');
      expect(redirect).toMatchObject({ room_name: 'den', url, nodeId: 'node-b' });
    }
    expect((await bob.socket.closed).code).toBe(CLOSE_CODES.moved.code);
    await drained;
    expect([a.sfu.rooms, b.sfu.rooms]).toEqual([0, 0]);
    expect((await state.rooms.list()).map(({ nodeId, current }) => [nodeId, current])).toEqual([
      ['node-b', 3],
    ]);

    const [adaThere, bobThere, danThere] = [
      ...[await follow(b, ada), await follow(b, bob), await follow(b, dan)],
    ] as const;
    // A stolen ticket opens nothing, and is not used up by trying.
    expect(await codeOf(bobThere.resume('den', ticketOf(toAda!)))).toBe('resume_refused');
    const back = await bobThere.resume('den', ticketOf(toBob!));
    expect(back.slot).toBe(2);
    expect(back.chat).toMatchObject([{ name: 'Bob', message: 'see you there' }]);
    expect(back.room).toMatchObject({ room_id: room.room_id, has_password: true, visibility: 'private' });
    expect(
      back.room.users.map(({ name, slot, is_owner, connected }) => [name, slot, is_owner, connected]),
    ).toEqual([
      ['Ada', 0, true, false],
      ['Bob', 2, false, true],
      ['Dan', 3, false, false],
    ]);
    expect((await adaThere.resume('den', ticketOf(toAda!))).slot).toBe(0);
    expect(await codeOf((await follow(b, ada)).resume('den', ticketOf(toAda!)))).toBe('resume_refused');
    // Who was away comes back with the ticket they have.
    expect((await danThere.resume('den', dansTicket)).slot).toBe(3);
    const [cidThere, eve] = [await follow(b, cid), await b.connect('Eve')];
    expect(await codeOf(cidThere.join('den', password))).toBe('banned');
    expect(await codeOf(eve.join('den'))).toBe('wrong_password');
    expect((await eve.join('den', password)).slot).toBe(1);
    const frame = new Promise<number>((resolve) => adaThere.socket.onFrame(({ slot }) => resolve(slot)));
    bobThere.socket.sendFrame(CHANNELS.input, Uint8Array.of(1));
    expect(await frame).toBe(2);
    expect(b.sfu.rooms).toBe(1);
  });

  it('restore a room once, however many come back at the same time', async () => {
    const { a, b } = await startNodes(openState);
    const ada = await a.connect('Ada');
    await ada.open('den', { max_players: 8 });
    const bobs = await Promise.all(Array.from({ length: 6 }, (_, i) => a.connect(`Bob${i}`)));
    for (const bob of bobs) await bob.join('den');
    const players = [ada, ...bobs];
    const told = Promise.all(players.map(redirectOf));
    const drained = a.sfu.drain();
    const tickets = (await told).map(ticketOf);
    const there = await Promise.all(players.map((player) => follow(b, player)));
    const seats = await Promise.all(there.map((player, i) => player.resume('den', tickets[i]!)));
    expect(seats.map(({ slot }) => slot)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(new Set(seats.map(({ room }) => room.room_id)).size).toBe(1);
    expect(b.sfu.rooms).toBe(1);
    await drained;
  });
});

describe('a room that moves', () => {
  it('goes on with its game', async () => {
    const { a, b } = await startNodes(memory());
    const [ada, bob] = [await a.connect('Ada'), await a.connect('Bob')];
    const extra = { netplay_mode: 'delay_sync', rom_hash: 'abc', core_type: 'snes9x' };
    await ada.open('den', { extra });
    await bob.join('den', { extra: { rom_hash: 'abc', core_type: 'snes9x' } });
    for (const player of [ada, bob]) await player.socket.request('player-ready', {});
    const launch = await ada.socket.request('start-game', {});
    for (const player of [ada, bob]) await player.socket.request('ready-at-frame-1', {});
    const told = redirectOf(bob);
    const drained = a.sfu.drain();
    const ticket = ticketOf(await told);
    const { room } = await (await follow(b, bob)).resume('den', ticket);
    expect(room).toMatchObject({ phase: 'running', launch });
    await drained;
  });

  it('is found there by new players before any member is back, and its name is not free (R1)', async () => {
    const { a, b } = await startNodes(memory());
    await (await a.connect('Ada')).open('den', { password: 'sesame' });
    await (await a.connect('Bob')).open('loft');
    await a.sfu.drain();
    expect(await codeOf((await b.connect('Eve')).open('den'))).toBe('room_exists');
    expect(await codeOf((await b.connect('Eve')).join('den'))).toBe('wrong_password');
    expect((await (await b.connect('Eve')).join('loft')).slot).toBe(1);
  });

  it('keeps no place for a session that ended on the way (P3.7)', async () => {
    const { a, b } = await startNodes(memory());
    const subject = { sub: 'ada', netplayUsername: 'Ada', sessionId: 'session-1' };
    const [ada, bob] = [await a.connect('Ada', subject), await a.connect('Bob')];
    await ada.open('den');
    await bob.join('den');
    const told = redirectOf(bob);
    const drained = a.sfu.drain();
    const ticket = ticketOf(await told);
    await a.revoke('session-1');
    await drained;
    const { room } = await (await follow(b, bob)).resume('den', ticket);
    expect(room.users).toMatchObject([{ name: 'Bob', slot: 1, is_owner: true }]);
  });

  it('ends when nobody comes within the grace time', async () => {
    let nowMs = Date.now();
    const state = createMemoryState({ elapsed: () => nowMs });
    const now = () => nowMs;
    const a = disposers.use(await startNode({ nodeId: 'node-a' }, { state, now }));
    const b = disposers.use(await startNode({ nodeId: 'node-b' }, { state, now }));
    await (await a.connect('Ada')).open('den');
    await a.sfu.drain();
    await (await b.connect('Eve')).join('den', { spectator: true });
    nowMs += 59_000;
    await eventually(() => b.sfu.rooms === 1);
    nowMs += 2_000;
    await eventually(() => b.sfu.rooms === 0);
  });
});

describe('draining', () => {
  it('lets nothing new in, answers lists, and leaves rooms alone where nobody can take them', async () => {
    const state = createMemoryState();
    const a = disposers.use(await startNode({}, { state }));
    const [ada, bob] = [await a.connect('Ada'), await a.connect('Bob')];
    await ada.open('den');
    const { resume_token: ticket } = await bob.join('den');
    const startedAt = performance.now();
    await a.sfu.drain();
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    expect(await state.nodes.list()).toMatchObject([{ draining: true }]);
    const cid = ada;
    expect(await codeOf(cid.socket.request('chat-message', { message: 'still here' }))).toBe('accepted');
    expect((await rawSocket(a.sfu)).outcome).toBe(503);
    expect((await resolveAt(a, 'den')).status).toBe(200);
    expect(await codeOf(bob.resume('den', ticket))).toBe('already_in_room');
    await bob.socket.request('leave-room', {});
    expect(await codeOf(bob.open('other'))).toBe('node_draining');
    expect(await codeOf(bob.join('den'))).toBe('node_draining');
    await a.sfu.close();
    expect((await ada.socket.closed).code).toBe(CLOSE_CODES.goingAway.code);
    expect(await state.rooms.list()).toEqual([]);
  });

  it('begins when an administrator says so, and nobody else (P2.10)', async () => {
    const { a, b } = await startNodes(memory(), undefined, { adminApiKey: 'the-key-of-the-operator' });
    const ada = await a.connect('Ada');
    await ada.open('den');
    const told = redirectOf(ada);
    const post = (authorization: string) =>
      fetch(`${a.sfu.url}/drain`, { method: 'POST', headers: { authorization } });
    expect((await post(`Bearer ${await a.readToken({ sub: 'ada' })}`)).status).toBe(401);
    const answer = await post('Bearer the-key-of-the-operator');
    expect([answer.status, await answer.json()]).toEqual([200, { draining: true, rooms: 1 }]);
    expect(await told).toMatchObject({ nodeId: 'node-b' });
    await eventually(() => a.sfu.rooms === 0);
    expect((await (await follow(b, ada)).resume('den', ticketOf(await told))).slot).toBe(0);
  });

  it('gives no room to a node that drains, cannot take rooms, is full or has fallen silent', async () => {
    const state = createMemoryState();
    const a = disposers.use(await startNode({}, { state }));
    const node = {
      ...{ url: 'http://127.0.0.1:1', rooms: 0, sockets: 0, maxRooms: 9, draining: false, adopts: true },
      ...{ startedAtMs: 1, updatedAtMs: 1 },
    };
    await state.nodes.upsert({ ...node, nodeId: 'draining', draining: true });
    await state.nodes.upsert({ ...node, nodeId: 'without-redis', adopts: false });
    await state.nodes.upsert({ ...node, nodeId: 'full', rooms: 9 });
    await (await a.connect('Ada')).open('den');
    await a.sfu.drain();
    expect(a.sfu.rooms).toBe(1);
  });

  const down = () => Promise.reject(new StateUnavailableError());
  type Moving = Pick<SharedState, 'rooms' | 'moves'>;

  it.each<[string, boolean, (state: SharedState) => Partial<Moving>]>([
    ['the state cannot be put', false, ({ moves }) => ({ moves: { ...moves, put: down } })],
    [
      'the state is put without an answer',
      false,
      ({ moves }) => ({ moves: { ...moves, put: (...args) => moves.put(...args).then(down) } }),
    ],
    ['the record cannot be handed over', false, ({ rooms }) => ({ rooms: { ...rooms, transfer: down } })],
    [
      'the state and the record are both lost from sight',
      true,
      ({ rooms, moves }) => ({
        rooms: { ...rooms, transfer: (...args) => rooms.transfer(...args).then(down) },
        moves: { ...moves, take: down },
      }),
    ],
  ])('ends in time and hosts no room twice when %s', async (_what, isLost, change) => {
    const { a, b } = await startNodes(memory(), (state) => ({ ...state, ...change(state) }), {
      drainSeconds: 1,
    });
    const [ada, bob] = [await a.connect('Ada'), await a.connect('Bob')];
    const { resume_token: ticket } = await ada.open('den');
    await bob.join('den');
    const startedAt = performance.now();
    await a.sfu.drain();
    expect(performance.now() - startedAt).toBeLessThan(4_000);
    expect(a.sfu.rooms).toBe(isLost ? 0 : 1);
    // Whoever asks the other node finds the room only where this one has it no more.
    const eve = await b.connect('Eve');
    expect(await codeOf(eve.join('den'))).toBe(isLost ? 'accepted' : 'room_elsewhere');
    expect(a.sfu.rooms + b.sfu.rooms).toBe(1);
    if (isLost) expect((await bob.socket.closed).code).toBe(CLOSE_CODES.goingAway.code);
    else expect(await codeOf(bob.socket.request('chat-message', { message: 'hi' }))).toBe('accepted');
    expect(ticket).toBeDefined();
  });

  it('counts a room as moved when the answer to that was lost and the other node has it already', async () => {
    let taken: Promise<unknown> = Promise.resolve();
    const { a, b } = await startNodes(memory(), (state) => ({
      ...state,
      rooms: {
        ...state.rooms,
        async transfer(...args) {
          await state.rooms.transfer(...args);
          taken = (await b.connect('Eve')).join('den');
          await taken;
          throw new StateUnavailableError();
        },
      },
    }));
    const ada = await a.connect('Ada');
    await ada.open('den');
    const told = redirectOf(ada);
    const drained = a.sfu.drain();
    const there = await follow(b, ada);
    const seat: Replies['resume-room'] = await there.resume('den', ticketOf(await told));
    expect(seat.room.users).toMatchObject([
      { name: 'Ada', slot: 0, is_owner: true },
      { name: 'Eve', slot: 1 },
    ]);
    await drained;
    expect([a.sfu.rooms, b.sfu.rooms]).toEqual([0, 1]);
  });

  it('lets nobody change a room that is on its way, and keeps what was said before', async () => {
    let begin: () => void = () => undefined;
    const begun = new Promise<void>((resolve) => (begin = resolve));
    let go: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (go = resolve));
    const { a, b } = await startNodes(memory(), (state) => ({
      ...state,
      moves: {
        ...state.moves,
        async put(...args) {
          begin();
          await gate;
          return state.moves.put(...args);
        },
      },
    }));
    const [ada, bob] = [await a.connect('Ada'), await a.connect('Bob')];
    await ada.open('den');
    await bob.join('den');
    await ada.socket.request('chat-message', { message: 'before' });
    const drained = a.sfu.drain();
    await begun;
    expect(await codeOf(ada.socket.request('chat-message', { message: 'lost' }))).toBe('node_draining');
    expect(await codeOf(bob.socket.request('leave-room', {}))).toBe('node_draining');
    const frame = new Promise<number>((resolve) => bob.socket.onFrame(({ slot }) => resolve(slot)));
    ada.socket.sendFrame(CHANNELS.input, Uint8Array.of(1));
    expect(await frame).toBe(0);
    const told = redirectOf(bob);
    go();
    const ticket = ticketOf(await told);
    expect((await (await follow(b, bob)).resume('den', ticket)).chat).toMatchObject([{ message: 'before' }]);
    await drained;
  });
});
