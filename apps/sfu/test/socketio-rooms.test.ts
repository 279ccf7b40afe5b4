import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { nextEvent, startNode, type TestNode } from './support/node.js';
import { connectLegacy, sfuExtra, stockExtra } from './support/legacy-player.js';

let node: TestNode;
beforeEach(async () => {
  node = await startNode();
});
afterEach(() => node.close());

const SESSION = '1f0e2d3c-0000-4000-8000-00000000abcd';
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

describe('one room, three kinds of clients', () => {
  it('shows everyone to everyone, each in the words of their client', async () => {
    const [adaId, bobId] = [randomUUID(), randomUUID()];
    const ada = await connectLegacy(node, 'Ada');
    expect(await ada.enter('open-room', stockExtra('den', SESSION, adaId), { maxPlayers: 4 })).toEqual([
      null,
    ]);
    const bob = await connectLegacy(node, 'Bob');
    const [error, players] = await bob.enter('join-room', stockExtra('den', SESSION, bobId));
    expect(error).toBeNull();
    expect(
      Object.entries(players as Record<string, { player_name: string }>).map(([id, { player_name }]) => [
        id,
        player_name,
      ]),
    ).toEqual([
      [adaId, 'Ada'],
      [bobId, 'Bob'],
    ]);
    const cid = await connectLegacy(node, 'Cid');
    const [, state] = await cid.enter('join-room', sfuExtra('den'));
    expect(state).toMatchObject({ netplay_mode: 0, room_phase: 'running', game_id: 7 });
    const users = Object.entries(
      (state as { users: Record<string, { player_name: string; is_host: boolean }> }).users,
    );
    expect(users.every(([id]) => UUID.test(id))).toBe(true);
    expect(users.map(([, user]) => [user.player_name, user.is_host])).toEqual([
      ['Ada', true],
      ['Bob', false],
      ['Cid', false],
    ]);
    const dee = await node.connect('Dee');
    expect((await dee.join('den')).room.users.map(({ name, slot }) => [name, slot])).toEqual([
      ['Ada', 0],
      ['Bob', 1],
      ['Cid', 2],
      ['Dee', 3],
    ]);
    await ada.heard('users-updated', (map: object) => Object.keys(map).length === 4);
    await cid.heard('room-player-joined', ({ player_name: name }: { player_name: string }) => name === 'Dee');
  });

  it('carries chat, data, input and signals between them', async () => {
    const ada = await connectLegacy(node, 'Ada');
    await ada.enter('open-room', stockExtra('den', SESSION));
    const bob = await connectLegacy(node, 'Bob');
    await bob.enter('join-room', sfuExtra('den'));
    const cid = await node.connect('Cid');
    await cid.join('den');

    const chat = nextEvent(cid, 'chat-message');
    await bob.call('chat-message', { message: ' hello ' });
    expect(await chat).toMatchObject({ name: 'Bob', message: 'hello' });
    expect(await bob.heard('chat-message')).toMatchObject([
      { playerName: 'Bob', message: 'hello', userid: expect.stringMatching(UUID) },
    ]);
    expect(await ada.heard('data-message')).toMatchObject([
      { 'chat-message': { player_name: 'Bob', message: 'hello' } },
    ]);

    ada.clear();
    const data = nextEvent(cid, 'data-message');
    ada.socket.emit('data-message', { 'sync-control': [{ frame: 1 }] });
    expect(await data).toEqual({ client_id: ada.socket.id, data: { 'sync-control': [{ frame: 1 }] } });
    expect(await bob.heard('data-message')).toMatchObject([
      { 'sync-control': [{ frame: 1 }] },
      { sender: ada.socket.id },
    ]);
    await cid.socket.request('data-message', { data: { play: true } });
    expect(await ada.heard('data-message')).toEqual([{ play: true }, { sender: cid.clientId }]);

    const frame = new Promise((resolve) => cid.socket.onFrame(resolve));
    ada.socket.emit('input', Buffer.from([1, 2]));
    expect(await frame).toMatchObject({ channel: 0, slot: 0, payload: new Uint8Array([1, 2]) });
    expect(await bob.heard('input')).toEqual([Buffer.from([1, 2]), { slot: 0 }]);
    cid.socket.sendFrame(1, new Uint8Array([9]));
    expect(await ada.heard('snapshot')).toEqual([Buffer.from([9]), { slot: 2 }]);
    ada.socket.emit('data-message', { state: Buffer.alloc(300_000, 7) });
    const [state] = await bob.heard(
      'data-message',
      ({ state: bytes }: { state?: Buffer }) => bytes?.length === 300_000,
    );
    expect((state as { state: Buffer }).state[0]).toBe(7);

    const signal = nextEvent(cid, 'webrtc-signal');
    ada.socket.emit('webrtc-signal', { target: cid.clientId, offer: { sdp: 'x' } });
    expect(await signal).toEqual({ client_id: ada.socket.id, signal: { offer: { sdp: 'x' } } });
    await cid.socket.request('webrtc-signal', { target: ada.socket.id!, signal: { answer: { sdp: 'y' } } });
    expect(await ada.heard('webrtc-signal')).toEqual([{ sender: cid.clientId, answer: { sdp: 'y' } }]);
    ada.clear();
    bob.socket.emit('webrtc-signal', { target: 'host', candidate: 1 });
    expect(await ada.heard('webrtc-signal')).toEqual([{ sender: bob.socket.id, candidate: 1 }]);
  });
});

describe('who finds a room whose client does not say (P2.8)', () => {
  const wanted = (visibility?: 'private' | 'federated') => (visibility === undefined ? {} : { visibility });

  it.each([undefined, 'private', 'federated'] as const)(
    'is what the node says, or the client: %s',
    async (said) => {
      const shared = await startNode({ defaultVisibility: 'federated' });
      const expected = said ?? 'federated';
      const ada = await connectLegacy(shared, 'Ada');
      await ada.enter('open-room', { ...sfuExtra('by incumbent'), ...wanted(said) });
      const bob = await connectLegacy(shared, 'Bob');
      await bob.enter('open-room', { ...stockExtra('by stock', SESSION, randomUUID()), ...wanted(said) });
      const cid = await shared.connect('Cid');
      const response = await fetch(`${shared.sfu.url}/create`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${await shared.writeToken({ sub: 'dora' })}`,
          'content-type': 'application/json',
        },
        body: JSON.stringify({ room_name: 'over HTTP', ...wanted(said) }),
      });
      expect(response.status).toBe(200);
      await cid.open('by SDK', wanted(said));
      const records = await shared.state.rooms.list();
      expect(records.map((record) => [record.room_name, record['visibility']]).sort()).toEqual(
        ['by SDK', 'by incumbent', 'by stock', 'over HTTP'].map((name) => [name, expected]),
      );
      await shared.close();
    },
  );
});
