/** Clients of Socket.IO and several nodes of one instance: P2.9 (redirects), P2.10 (rooms that move). */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type RoomRecord, sessionRoomKey } from '@romm-netplay/protocol';
import { openRedisState, type SharedState } from '@romm-netplay/shared-state';
import { createDisposers, eventually, type RedisServer, startRedisServer } from '@romm-netplay/testing';
import request from 'supertest';
import { connectLegacy, sfuExtra, stockExtra } from './support/legacy-player.js';
import { codeOf, nextEvent } from './support/node.js';
import { memory, startNodesOver, urlOf } from './support/nodes.js';

const SESSION = 'c0ffee00-0000-4000-8000-000000000000';

const disposers = createDisposers();
afterEach(() => disposers.closeAll());

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

  it('send a stock client by the session id to the node that has the room (P2.9, D21)', async () => {
    const { a, b, state } = await startNodesOver(disposers, openState);
    const ada = await connectLegacy(a, 'Ada');
    expect(await ada.enter('open-room', stockExtra('den', SESSION))).toEqual([null]);
    const bob = await connectLegacy(b, 'Bob');
    const token = await b.writeToken(bob.subject);
    const extra = { ...stockExtra('whatever', SESSION), token };
    const where = { room_name: 'den', url: await urlOf(state, 'node-a'), nodeId: 'node-a' };
    const { url: redirect, ...named } = where;
    expect(await bob.call('join-room', { extra })).toEqual([
      'Room is on another node',
      { ...named, redirect },
    ]);
    expect(await bob.heard('room-redirect')).toEqual([where]);
    // No room here can take the name that the other is known by; and nothing was used up.
    expect(await bob.enter('open-room', stockExtra('mine', SESSION))).toEqual(['Room already exists']);
    const there = await connectLegacy(a, 'Bob', { subject: bob.subject });
    expect(await there.call('join-room', { extra })).toMatchObject([null, {}]);
    await there.call('leave-room');
    await ada.call('leave-room');
    await eventually(async () => (await state.rooms.resolve(sessionRoomKey(SESSION))) === undefined);
    expect(await bob.enter('join-room', stockExtra('whatever', SESSION))).toEqual(['Room not found']);
  });

  it('send a stock client nowhere else: neither where a record says, nor to a node nobody knows (D3)', async () => {
    const { b, state } = await startNodesOver(disposers, openState);
    const evil = { current: 1, max: 4, hasPassword: false, url: 'https://evil.example' };
    const knownBy = (sessionid: string) => ({ sessionid, room_key: sessionRoomKey(sessionid) });
    await state.rooms.upsert({ ...evil, room_name: 'trap', nodeId: 'nobody', ...knownBy(SESSION) });
    await state.rooms.upsert({ ...evil, room_name: 'bent', nodeId: 'node-a', ...knownBy('session-2') });
    const bob = await connectLegacy(b, 'Bob');
    expect(await bob.enter('join-room', stockExtra('x', SESSION))).toEqual(['Room not found']);
    expect(bob.events.filter(([name]) => name === 'room-redirect')).toEqual([]);
    const [, answer] = await bob.enter('join-room', stockExtra('x', 'session-2'));
    expect(answer).toMatchObject({ redirect: await urlOf(state, 'node-a') });
  });

  describe('and a node of romm-sfu-server among them (P2.9)', () => {
    const OLD = 'https://old.example.org';
    // As romm-sfu-server 0.1.0 registers one (its registryUpsertRoom).
    const OLD_ROOM: RoomRecord = {
      room_name: 'arcade',
      current: 1,
      max: 4,
      hasPassword: false,
      netplay_mode: 'live_stream',
      room_phase: 'running',
      sync_config: null,
      spectator_mode: 1,
      game_id: '7',
      metadata: null,
      rom_hash: null,
      core_type: null,
      nodeId: 'romm-sfu-1',
      url: `${OLD}/`,
      updatedAt: Date.now(),
    };

    it('list its rooms, and send players there when an administrator listed it', async () => {
      const { a, state } = await startNodesOver(disposers, openState, undefined, { legacyNodes: [OLD] });
      await state.rooms.upsert(OLD_ROOM);
      const where = { room_name: 'arcade', nodeId: 'romm-sfu-1' };
      const bob = await connectLegacy(a, 'Bob');
      const answer = request(a.sfu.url).get('/list?game_id=7');
      const { body } = await answer.set('authorization', `Bearer ${await a.readToken(bob.subject)}`);
      expect(body).toMatchObject({ arcade: { ...where, current: 1, max: 4 } });
      // Only a client of romm-sfu-server knows a redirect; stock EmulatorJS reads an error.
      for (const [extra, refusal] of [
        [stockExtra('x', 'arcade'), 'Room is on another node'],
        [sfuExtra('arcade'), null],
      ] as const) {
        expect(await bob.enter('join-room', extra)).toEqual([refusal, { ...where, redirect: OLD }]);
        expect(await bob.heard('room-redirect')).toEqual([{ ...where, url: OLD }]);
        bob.clear();
      }
      const cid = await a.connect('Cid');
      const told = nextEvent(cid, 'room-redirect');
      expect(await codeOf(cid.join('arcade'))).toBe('room_elsewhere');
      expect(await told).toEqual({ ...where, url: OLD });
    });

    it('send nobody where no administrator said so, and say why', async () => {
      const { a, state } = await startNodesOver(disposers, openState, undefined, { legacyNodes: [OLD] });
      const elsewhere = [
        'https://old.example.org.evil.example',
        `${OLD}:8443`,
        `${OLD}/sfu`,
        'http://old.example.org',
      ];
      for (const [i, url] of elsewhere.entries()) {
        const room = `trap-${i}`;
        await state.rooms.upsert({ ...OLD_ROOM, room_name: room, url });
        const bob = await connectLegacy(a, `Bob ${i}`);
        expect(await bob.enter('join-room', stockExtra('x', room))).toEqual([
          'Room is on a server that is not allowed here',
        ]);
        expect(bob.events.filter(([name]) => name === 'room-redirect')).toEqual([]);
        const cid = await a.connect('Cid');
        expect(await codeOf(cid.join(room))).toBe('node_not_allowed');
      }
    });
  });

  it('keep a room of stock clients until it or the node ends: nobody could follow it (N4, P2.10)', async () => {
    const { a, b } = await startNodesOver(disposers, openState);
    const ada = await connectLegacy(a, 'Ada');
    await ada.enter('open-room', stockExtra('den', SESSION));
    const drained = a.sfu.drain();
    const v1 = await b.connect('Cid');
    await eventually(async () => (await codeOf(v1.join('den'))) === 'room_elsewhere');
    expect(a.sfu.rooms).toBe(1);
    ada.close();
    await drained;
    expect(a.sfu.rooms).toBe(0);
    const bob = await connectLegacy(b, 'Bob');
    expect(await bob.enter('join-room', stockExtra('den', SESSION))).toEqual(['Room not found']);
  });

  it('move a room of others that stock clients play in, without their seats', async () => {
    const { a, b } = await startNodesOver(disposers, openState);
    const ada = await a.connect('Ada');
    await ada.open('den', { allow_spectators: false });
    const bob = await connectLegacy(a, 'Bob');
    expect(await bob.enter('join-room', stockExtra('x', 'den'))).toMatchObject([null, {}]);
    await a.sfu.drain();
    const cid = await b.connect('Cid');
    const { room } = await cid.join('den');
    expect(room.users.map(({ name, slot }) => [name, slot])).toEqual([
      ['Ada', 0],
      ['Cid', 1],
    ]);
    expect(await codeOf((await b.connect('Dan')).join('den', { spectator: true }))).toBe('no_spectators');
  });
});
