/** What ends for guests when their instance, or they, may not be here any more: P2.4, P3.7, P2.10. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { CLOSE_CODES } from '@romm-netplay/protocol/wire';
import { openRedisState, type SharedState, StateUnavailableError } from '@romm-netplay/shared-state';
import { createDisposers, eventually, type RedisServer, startRedisServer } from '@romm-netplay/testing';
import type { Subject } from '@romm-netplay/token-core';
import {
  draftOf,
  type HomeInstance,
  oldState,
  register,
  startHome,
  type Terms,
  unregister,
} from './support/home-instance.js';
import { connectLegacy } from './support/legacy-player.js';
import {
  codeOf,
  ISSUER,
  lose,
  nextEvent,
  startNode,
  type TestNode,
  type TestPlayer,
} from './support/node.js';

const disposers = createDisposers();
afterEach(() => disposers.closeAll());

const home = async (): Promise<HomeInstance> => disposers.use(await startHome());
const nodeOver = async (
  state: SharedState,
  config: Parameters<typeof startNode>[0] = {},
): Promise<TestNode> => disposers.use(await startNode(config, { state }));

async function visited(terms: Terms = {}, state = oldState()) {
  const theirs = await home();
  await register(state, theirs, terms);
  return { theirs, state, node: await nodeOver(state) };
}

const GUS: Subject = { sub: 'gus', netplayUsername: 'Gus' };
const notAdmitted = { code: CLOSE_CODES.notAdmitted.code, retry: false };
const stillHere = ({ socket }: TestPlayer) => socket.request('webrtc-signal', { target: 'x', signal: {} });
const isHere = async (player: TestPlayer) =>
  ['target_not_in_room', 'not_in_room'].includes(await codeOf(stillHere(player)));
/** When a later change has come through, the one before has been dealt with. */
async function settled(state: SharedState, node: TestNode): Promise<void> {
  const witness = await home();
  await register(state, witness);
  await eventually(() => witness.connect(node));
}
const usersOf = async (player: TestPlayer): Promise<string[]> =>
  (await nextEvent(player, 'users-updated')).users.map(({ name }) => name.replace(/@.*/, ''));

describe('over Redis', () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await startRedisServer();
  });
  afterAll(() => redis.close());

  const ends: [string, (state: SharedState, theirs: HomeInstance) => Promise<void>][] = [
    ['is suspended', (state, theirs) => register(state, theirs, { state: 'suspended' })],
    ['is removed', unregister],
    ['has no permissions any more', (state, theirs) => register(state, theirs, { permissions: [] })],
  ];
  it.each(ends)(
    'an instance that %s loses its sockets on 3 nodes within a second, and nobody else does',
    async (_how, end) => {
      await redis.restart();
      const [theirs, other] = [await home(), await home()];
      const overRedis = async () => disposers.use(await openRedisState({ url: redis.url }));
      const state = await overRedis();
      for (const each of [theirs, other]) await register(state, each);
      const nodes: TestNode[] = [];
      for (const nodeId of ['node-a', 'node-b', 'node-c'])
        nodes.push(await nodeOver(await overRedis(), { nodeId }));
      const own: TestPlayer[] = [];
      const guests: TestPlayer[] = [];
      for (const [i, node] of nodes.entries()) {
        own.push(await node.connect('Own'));
        await own[i]!.open(`den-${i}`, { visibility: 'federated' });
        guests.push(await eventually(() => theirs.connect(node, 'Gus', GUS)));
      }
      const legacy = await connectLegacy(nodes[0]!, 'Gil', { token: await theirs.readToken({ sub: 'gil' }) });
      const legacyClosed = legacy.heard('netplay-closed');
      const third = await other.connect(nodes[2]!, 'Eve');

      const startedAt = performance.now();
      await end(state, theirs);
      const closed = await Promise.all(guests.map(({ socket }) => socket.closed));
      expect(performance.now() - startedAt).toBeLessThan(1_000);
      for (const each of closed) expect(each).toMatchObject(notAdmitted);
      expect(await legacyClosed).toMatchObject([{ name: 'notAdmitted', ...notAdmitted }]);
      for (const player of [...own, third]) expect(await isHere(player)).toBe(true);
      for (const node of nodes) expect(await codeOf(theirs.connect(node, 'Gus', GUS))).not.toBe('accepted');
    },
  );
});

describe('the places of guests who may not be here any more', () => {
  it('are free at once: held, kept for a lost connection, and reserved over HTTP', async () => {
    const { node, theirs, state } = await visited();
    const own = await node.connect('Own');
    await own.open('den', { visibility: 'federated', max_players: 8 });
    const [held, kept] = [await theirs.connect(node, 'Held'), await theirs.connect(node, 'Kept')];
    const { resume_token: ticket } = await held.join('den');
    await kept.join('den');
    await lose(kept, own);
    const reserved = { sub: 'reserved', netplayUsername: 'Reserved' };
    const headers = { authorization: `Bearer ${await theirs.writeToken(reserved)}` };
    expect((await fetch(`${node.sfu.url}/join/den`, { method: 'POST', headers })).status).toBe(200);
    const left = usersOf(own);
    await unregister(state, theirs);
    expect(await left).toEqual(['Own']);
    expect(await held.socket.closed).toMatchObject(notAdmitted);
    // A reconnect finds no place, also when the instance is trusted again.
    await register(state, theirs);
    const again = await eventually(() => theirs.connect(node, 'Held', held.subject));
    expect(await codeOf(again.resume('den', ticket))).toBe('resume_refused');
    expect(await isHere(own)).toBe(true);
  });

  it('leave a room to those who stay, or end it', async () => {
    const { node, theirs, state } = await visited();
    const [gus, own] = [await theirs.connect(node, 'Gus', GUS), await node.connect('Own')];
    await gus.open('shared');
    await own.join('shared');
    const alone = await theirs.connect(node, 'Alone');
    await alone.open('alone');
    const told = nextEvent(own, 'users-updated');
    await register(state, theirs, { state: 'suspended' });
    expect((await told).users).toMatchObject([{ name: 'Own', is_owner: true }]);
    await eventually(async () => (await state.rooms.list()).length === 1);
    expect(node.sfu.rooms).toBe(1);
  });

  it('go with a player who was banned, and with nobody else', async () => {
    const { node, theirs, state } = await visited();
    const own = await node.connect('Own');
    await own.open('den', { visibility: 'federated' });
    const [gus, gil] = [await theirs.connect(node, 'Gus', GUS), await theirs.connect(node, 'Gil')];
    await gus.join('den');
    await gil.join('den');
    const idle = await theirs.connect(node, 'Gus', GUS);
    await register(state, theirs, { banned_players: [gus.socket.hello.player_id] });
    for (const { socket } of [gus, idle]) expect(await socket.closed).toMatchObject(notAdmitted);
    for (const player of [own, gil]) expect(await isHere(player)).toBe(true);
  });

  it('go with the permission that they need, and with no other', async () => {
    const { node, theirs, state } = await visited();
    const own = await node.connect('Own');
    await own.open('den', { visibility: 'federated' });
    const [owner, member, idle] = [
      ...[
        await theirs.connect(node, 'Owner'),
        await theirs.connect(node, 'Member'),
        await theirs.connect(node, 'Idle'),
      ],
    ] as const;
    await owner.open('mine');
    await member.join('den');
    const all = ['rooms:list', 'rooms:join', 'rooms:create'] as const;
    const without = (taken: string) => ({ permissions: all.filter((permission) => permission !== taken) });

    await register(state, theirs, without('rooms:list'));
    await settled(state, node);
    for (const player of [owner, member, idle]) expect(await isHere(player)).toBe(true);
    expect(await codeOf(idle.socket.request('list-rooms', {}))).toBe('issuer_not_permitted');

    await register(state, theirs, without('rooms:join'));
    expect(await member.socket.closed).toMatchObject(notAdmitted);
    await settled(state, node);
    for (const player of [owner, idle]) expect(await isHere(player)).toBe(true);

    await register(state, theirs, without('rooms:create'));
    expect(await owner.socket.closed).toMatchObject(notAdmitted);
    expect([await isHere(idle), await isHere(own), node.sfu.rooms]).toEqual([true, true, 1]);
  });

  it('stay when only the label or a quota changes', async () => {
    const { node, theirs, state } = await visited();
    const gus = await theirs.connect(node, 'Gus', GUS);
    await gus.open('mine');
    const { quotas } = draftOf(theirs.issuer);
    await register(state, theirs, { label: 'Renamed', quotas: { ...quotas, sockets: 1, rooms: 0 } });
    await settled(state, node);
    expect(await isHere(gus)).toBe(true);
  });

  it('go with the consent that their home takes back (P3.8), held or kept', async () => {
    const { node, theirs, state } = await visited();
    const subject = { ...GUS, sessionId: 'grant-1' };
    const own = await node.connect('Own');
    await own.open('den', { visibility: 'federated' });
    const gus = await theirs.connect(node, 'Gus', subject);
    await gus.join('den');
    const left = usersOf(own);
    await state.revocations.append([`${theirs.issuer} grant-1`]);
    expect(await gus.socket.closed).toMatchObject({ code: CLOSE_CODES.sessionEnded.code, retry: false });
    expect(await left).toEqual(['Own']);
    const again = await theirs.connect(node, 'Gus', { ...GUS, sessionId: 'grant-2' });
    await again.join('den');
    await lose(again, own);
    const freed = usersOf(own);
    await state.revocations.append([`${theirs.issuer} grant-2`]);
    expect(await freed).toEqual(['Own']);
  });
});

describe('rooms on their way while an instance is suspended', () => {
  it('arrive without its guests (P2.10)', async () => {
    const state = oldState();
    const theirs = await home();
    await register(state, theirs);
    const a = await nodeOver(state, { nodeId: 'node-a' });
    const b = await nodeOver(state, { nodeId: 'node-b' });
    await eventually(async () => (await state.nodes.list()).length === 2);
    const [own, gus, eve] = [
      await a.connect('Own', { sub: 'own', netplayUsername: 'Own' }),
      await theirs.connect(a, 'Gus', GUS),
      await home(),
    ];
    await register(state, eve);
    await own.open('den', { visibility: 'federated', admits: [theirs.issuer, eve.issuer] });
    await gus.join('den');
    const stranger = await eventually(() => eve.connect(a, 'Eve', { sub: 'eve', netplayUsername: 'Eve' }));
    await stranger.join('den');
    const told = Promise.all([own, stranger].map((player) => nextEvent(player, 'room-redirect')));
    const drained = a.sfu.drain();
    const [toOwn, toEve] = await told;
    await register(state, theirs, { state: 'suspended' });
    await settled(state, b);
    const there = await b.connect('Own', { sub: 'own', netplayUsername: 'Own' });
    const { room } = await there.resume('den', toOwn!.resume_token ?? '');
    expect(room.users.map(({ name, instance }) => [name.replace(/@.*/, ''), instance])).toEqual([
      ['Own', null],
      ['Eve', eve.issuer],
    ]);
    expect(room).toMatchObject({ visibility: 'federated', admits: [theirs.issuer, eve.issuer] });
    // A guest of an instance that is still trusted comes back with the ticket, wherever the room is.
    const eveThere = await eve.connect(b, 'Eve', { sub: 'eve', netplayUsername: 'Eve' });
    expect((await eveThere.resume('den', toEve!.resume_token ?? '')).slot).toBe(2);
    await drained;
  });

  it('that are being opened just now are not opened', async () => {
    const memory = oldState();
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
    const { node, theirs, state } = await visited({}, { ...memory, rooms });
    const headers = {
      authorization: `Bearer ${await theirs.writeToken(GUS)}`,
      'content-type': 'application/json',
    };
    const body = JSON.stringify({ room_name: 'den' });
    const created = fetch(`${node.sfu.url}/create`, { method: 'POST', headers, body });
    await opening;
    await register(state, theirs, { permissions: ['rooms:list'] });
    await settled(state, node);
    release();
    expect((await created).status).toBe(403);
    await eventually(async () => node.sfu.rooms === 0 && (await memory.rooms.list()).length === 0);
  });

  it('to a node that cannot tell yet are not lost, and empty when it can', async () => {
    const state = oldState();
    const theirs = await home();
    await register(state, theirs);
    let away = true;
    const unlessAway = <T>(answer: () => Promise<T>) =>
      away ? Promise.reject(new StateUnavailableError()) : answer();
    const { revocations, issuers } = state;
    const blind: SharedState = {
      ...state,
      revocations: { ...revocations, readAfter: (cursor) => unlessAway(() => revocations.readAfter(cursor)) },
      issuers: { ...issuers, version: () => unlessAway(() => issuers.version()) },
    };
    const a = await nodeOver(state, { nodeId: 'node-a' });
    const b = await nodeOver(blind, { nodeId: 'node-b' });
    await eventually(async () => (await state.nodes.list()).length === 2);
    const ada = await a.connect('Ada', { sub: 'ada', netplayUsername: 'Ada', sessionId: 'of-ada' });
    const gus = await theirs.connect(a, 'Gus', GUS);
    await ada.open('den', { visibility: 'federated' });
    await gus.join('den');
    await a.sfu.drain();
    await unregister(state, theirs);
    await state.revocations.append([`${ISSUER} of-ada`]);
    const own = await b.connect('Own');
    expect((await own.join('den')).room.users).toHaveLength(3);
    const alone = nextEvent(own, 'users-updated', ({ users }) => users.length === 1);
    away = false;
    expect((await alone).users).toMatchObject([{ name: 'Own', is_owner: true }]);
  });
});
