/** Rooms as stock EmulatorJS and released RomM know them: N4. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { RoomUser } from '@romm-netplay/protocol';
import { eventually } from '@romm-netplay/testing';
import type { Subject } from '@romm-netplay/token-core';
import { randomUUID } from 'node:crypto';
import request from 'supertest';
import { legacyUserId } from '../src/socketio/legacy-id.js';
import { connectLegacy, type LegacyPlayer, sfuExtra, stockExtra } from './support/legacy-player.js';
import { codeOf, startNode, type TestNode } from './support/node.js';

let node: TestNode;
const players: LegacyPlayer[] = [];
beforeEach(async () => {
  node = await startNode();
});
afterEach(async () => {
  for (const { socket } of players.splice(0)) socket.disconnect();
  await node.close();
});

async function connect(name: string, options: Parameters<typeof connectLegacy>[2] = {}) {
  const player = await connectLegacy(node, name, options);
  players.push(player);
  return player;
}

const names = (answer: unknown[]) =>
  Object.values(answer[1] as Record<string, { player_name: string }>).map((user) => user.player_name);

/** How a client of netplay.v1 sees somebody in the room. */
async function sightOf(name: string): Promise<RoomUser> {
  const looker = await node.connect('Looker');
  const { room } = await looker.join('den', { spectator: true });
  const seen = room.users.find((user) => user.name === name);
  await looker.socket.request('leave-room', {});
  return seen!;
}

const list = async (query: object = { game_id: '7', domain: 'x' }) => {
  const { body } = await request(node.sfu.url)
    .get('/list')
    .query(query)
    .set('authorization', `Bearer ${await node.readToken({ sub: 'looker', netplayUsername: 'Looker' })}`);
  return body as Record<string, { room_name: string; current: number; max: number; player_name: string }>;
};

describe('rooms of both kinds in one list', () => {
  it('are joined by what the list has for each, whatever they are called', async () => {
    const [dan, eve] = [await node.connect('Dan'), await node.connect('Eve')];
    await dan.open('session-a', { extra: { game_id: 7 } });
    await eve.open('session-a', { extra: { game_id: 8 } });
    const ada = await connect('Ada');
    await ada.enter('open-room', stockExtra('den', 'session-a'));
    const keyOf = async (owner: string) =>
      Object.entries(await list({ domain: 'x' })).find(([, room]) => room.player_name === owner)![0];
    const keys = await Promise.all(['Dan', 'Eve', 'Ada'].map(keyOf));
    expect(new Set(keys).size).toBe(3);
    for (const [i, owner] of ['Dan', 'Eve', 'Ada'].entries()) {
      const bob = await connect(`Bob ${i}`);
      const answer = await bob.enter('join-room', stockExtra('x', keys[i]!));
      expect(names(answer)).toEqual([owner, `Bob ${i}`]);
    }
    const mallory = await connect('Mallory');
    const [refusal] = await mallory.enter('open-room', stockExtra('trap', keys[0]!));
    expect(refusal).not.toBeNull();
  });
});

describe('a stock client that says something else of itself in the middle', () => {
  it.each(['open-room', 'join-room'] as const)(
    'with %s: its place is free when it goes, as before',
    async (event) => {
      const ada = await connect('Ada');
      await ada.enter('open-room', stockExtra('den', 'session-a'));
      const bob = await connect('Bob');
      await bob.enter('join-room', stockExtra('den', 'session-a'));
      await bob.enter(event, sfuExtra('den'));
      bob.close();
      await ada.heard('users-updated', (users: object) => Object.keys(users).length === 1);
      await ada.enter(event, sfuExtra('other'));
      ada.close();
      await eventually(() => node.sfu.rooms === 0);
    },
  );
});

describe('what stock clients call themselves', () => {
  it('is decided in the room, by who came first; nobody is called as another is', async () => {
    const ada = await connect('Ada');
    const id = randomUUID();
    await ada.enter('open-room', stockExtra('den', 'session-a'));
    const bob = await connect('Bob');
    const [, before] = await bob.enter('join-room', stockExtra('den', 'session-a', id));
    expect(before).toMatchObject({ [id]: { player_name: 'Bob' } });
    const [adaId] = Object.keys(before as object);
    // Elsewhere, in vain, and as the host is known to clients of another kind.
    const mallory = await connect('Mallory');
    await mallory.enter('join-room', stockExtra('x', 'no-such-room', id));
    const { player_id: hostId } = await sightOf('Ada');
    for (const claimed of [id, adaId!, legacyUserId(hostId)]) {
      const answer = await mallory.enter('join-room', stockExtra('den', 'session-a', claimed));
      expect(names(answer)).toEqual(['Ada', 'Bob', 'Mallory']);
      expect(answer[1]).toMatchObject({ [id]: { player_name: 'Bob' } });
      await mallory.call('leave-room');
    }
  });
});

describe('a room of stock EmulatorJS goes by its session id', () => {
  it('and its name is a label: again, for another game, and beside rooms that go by theirs', async () => {
    const [ada, bob, cid] = [await connect('Ada'), await connect('Bob'), await connect('Cid')];
    const v1 = await node.connect('Dan');
    await v1.open('den');
    expect(await ada.enter('open-room', stockExtra('den', 'session-a'))).toEqual([null]);
    expect(await bob.enter('open-room', stockExtra('den', 'session-b'))).toEqual([null]);
    expect(await cid.enter('open-room', { ...stockExtra('den', 'session-c'), game_id: 8 })).toEqual([null]);
    expect(Object.keys(await list()).sort()).toEqual(['session-a', 'session-b']);
    expect(await list({ game_id: '8', domain: 'x' })).toMatchObject({
      'session-c': { room_name: 'den', player_name: 'Cid', current: 1 },
    });
    const eve = await connect('Eve');
    expect(await eve.enter('join-room', stockExtra('den', 'session-b'))).toMatchObject([null, {}]);
    expect(await list()).toMatchObject({ 'session-a': { current: 1 }, 'session-b': { current: 2 } });
    // Who knows names alone finds the room that goes by its name.
    await expect((await node.connect('Fay')).join('den')).resolves.toMatchObject({ slot: 1 });
  });

  it('lists what somebody can still join, with its host', async () => {
    const ada = await connect('Ada');
    await ada.enter('open-room', stockExtra('duel', 'session-a'), { maxPlayers: 2 });
    expect(await list()).toMatchObject({ 'session-a': { current: 1, max: 2, player_name: 'Ada' } });
    const bob = await connect('Bob');
    await bob.enter('join-room', stockExtra('duel', 'session-a'));
    await eventually(async () => !('session-a' in (await list())));
    expect(await list({ game_id: '7' })).toMatchObject({ duel: { current: 2 } });
  });

  it('takes the password where EmulatorJS puts it, and where RomM looks for it', async () => {
    const ada = await connect('Ada');
    await ada.enter('open-room', stockExtra('den', 'session-a'), { password: 'secret' });
    const bob = await connect('Bob');
    const extra = stockExtra('den', 'session-a');
    expect(await bob.enter('join-room', extra, { password: 'wrong' })).toEqual(['Incorrect password']);
    expect(await bob.enter('join-room', { ...extra, room_password: 'secret' })).toMatchObject([null, {}]);
    const cid = await connect('Cid');
    expect(await cid.enter('join-room', extra, { password: 'secret' })).toMatchObject([null, {}]);
  });
});

describe('several places of one account in one room', () => {
  const enterAs = async (subject: Subject) => {
    const player = await connect('of the subject', { subject });
    return { player, answer: await player.enter('join-room', stockExtra('den', 'session-a')) };
  };

  it('four on stock clients, each with a slot and a number; a fifth is refused', async () => {
    const ada = await connect('Ada');
    await ada.enter('open-room', stockExtra('den', 'session-a'), { maxPlayers: 8 });
    const { subject } = ada;
    await enterAs(subject);
    const bob = { sub: 'bob', netplayUsername: 'Bob' };
    const answers = [];
    for (let seat = 0; seat < 5; seat += 1) answers.push((await enterAs(bob)).answer);
    expect(answers[4]).toEqual(['Too many players of one account']);
    expect(names(answers[3]!)).toEqual(['Ada', 'Ada (2)', 'Bob', 'Bob (2)', 'Bob (3)', 'Bob (4)']);
    expect(await list()).toMatchObject({ 'session-a': { current: 6 } });
  });

  it('one ends without the others, and is free again', async () => {
    const ada = await connect('Ada');
    await ada.enter('open-room', stockExtra('den', 'session-a'));
    const second = await enterAs(ada.subject);
    second.player.close();
    await ada.heard('users-updated', (users: object) => Object.keys(users).length === 1);
    const third = await enterAs(ada.subject);
    expect(names(third.answer)).toEqual(['Ada', 'Ada (2)']);
  });

  it('a netplay.v1 place of the same account is beside them, and nobody is thrown out', async () => {
    const ada = await connect('Ada');
    await ada.enter('open-room', stockExtra('den', 'session-a'));
    const bob = await node.connect('Bob');
    await bob.join('den');
    const onStock = await enterAs(bob.subject);
    expect(names(onStock.answer)).toEqual(['Ada', 'Bob', 'Bob (2)']);
    const again = await node.connect('Bob', bob.subject);
    await expect(again.join('den')).resolves.toMatchObject({ slot: 1 });
    expect(onStock.player.socket.connected).toBe(true);
  });

  it('and of two people of one name each is told apart, whoever came first being it', async () => {
    const ada = await connect('Ada');
    await ada.enter('open-room', stockExtra('den', 'session-a'));
    const other = await connect('ada (2)', { subject: { sub: 'other', netplayUsername: 'ada (2)' } });
    await other.enter('join-room', stockExtra('den', 'session-a'));
    const mallory = await connect('ADA', { subject: { sub: 'mallory', netplayUsername: 'ADA' } });
    const answer = await mallory.enter('join-room', stockExtra('den', 'session-a'));
    expect(names(answer)).toEqual(['Ada', 'ada (2)', 'ADA (3)']);
    mallory.socket.emit('data-message', { 'chat-message': { message: 'hi', to: 'all' } });
    expect(await ada.heard('data-message')).toMatchObject([{ 'chat-message': { player_name: 'ADA (3)' } }]);
  });

  it('a ban is of the account, a kick of one place', async () => {
    const host = await node.connect('Ada');
    await host.open('den', { max_players: 8 });
    let users: readonly RoomUser[] = [];
    host.socket.on('users-updated', (event) => (users = event.users));
    const bob = { sub: 'bob', netplayUsername: 'Bob' };
    const enter = async () => {
      const player = await connect('Bob', { subject: bob });
      await player.enter('join-room', stockExtra('x', 'den'));
      return player;
    };
    const [first, second, third] = [await enter(), await enter(), await enter()];
    async function placeOf({ socket }: LegacyPlayer): Promise<string> {
      const find = () => users.find((user) => user.client_id === socket.id)?.player_id;
      await eventually(() => find() !== undefined);
      return find()!;
    }
    await host.socket.request('kick-player', { player_id: await placeOf(second) });
    await eventually(() => !second.socket.connected);
    expect(first.socket.connected && third.socket.connected).toBe(true);
    const { bans } = await host.socket.request('kick-player', { player_id: await placeOf(third), ban: true });
    expect(bans).toMatchObject([{ name: 'Bob' }]);
    await eventually(() => !first.socket.connected && !third.socket.connected);
    const again = await connect('Bob', { subject: bob });
    expect(await again.enter('join-room', stockExtra('x', 'den'))).toEqual(['banned']);
  });
});

describe('a stock client whose connection goes has left', () => {
  it('its place is free at once, and so is the room that was its alone', async () => {
    const ada = await connect('Ada');
    await ada.enter('open-room', stockExtra('den', 'session-a'));
    const bob = await connect('Bob');
    await bob.enter('join-room', stockExtra('den', 'session-a'));
    // Not the client's own farewell: the line is cut.
    bob.socket.io.engine.close();
    await ada.heard('users-updated', (users: object) => Object.keys(users).length === 1);
    ada.socket.io.engine.close();
    await eventually(async () => Object.keys(await list()).length === 0);
    expect(node.sfu.rooms).toBe(0);
  });

  it('with the host the room is over: guests are told, and disconnected so that no page hangs', async () => {
    const [ada, bob, cid] = [await connect('Ada'), await connect('Bob'), await connect('Cid')];
    await ada.enter('open-room', stockExtra('den', 'session-a'));
    await bob.enter('join-room', stockExtra('den', 'session-a'));
    await cid.enter('join-room', sfuExtra('den'));
    const v1 = await node.connect('Dan');
    await v1.join('den');
    const closed = new Promise((resolve) => v1.socket.on('room-closed', resolve));
    ada.socket.io.engine.close();
    expect(await bob.heard('netplay-closed')).toMatchObject([{ name: 'room-closed', retry: false }]);
    expect(await bob.heard('users-updated', (users: object) => Object.keys(users).length === 0)).toEqual([
      {},
    ]);
    await eventually(() => !bob.socket.connected);
    expect(await cid.heard('room-closed')).toMatchObject([{ room_name: 'den' }]);
    expect(await closed).toMatchObject({ room_name: 'den' });
    expect(cid.socket.connected).toBe(true);
    expect(node.sfu.rooms).toBe(0);
  });

  it('a room of others goes on without it, under another owner', async () => {
    const ada = await node.connect('Ada');
    await ada.open('den');
    const bob = await connect('Bob');
    await bob.enter('join-room', stockExtra('x', 'den'));
    await ada.socket.request('leave-room', {});
    await bob.heard('users-updated', (users: object) => Object.keys(users).length === 1);
    expect(bob.socket.connected).toBe(true);
    expect(node.sfu.rooms).toBe(1);
  });
});

describe('names of rooms that do not go by a session id', () => {
  it('are one of a kind for each game', async () => {
    const [ada, bob, cid] = [await node.connect('Ada'), await node.connect('Bob'), await node.connect('Cid')];
    await ada.open('den', { extra: { game_id: 1 } });
    await bob.open('den', { extra: { game_id: 2 } });
    expect(await codeOf(cid.open('den', { extra: { game_id: '1' } }))).toBe('room_exists');
    expect(await codeOf(cid.join('den'))).toBe('room_ambiguous');
    const { room } = await cid.join('den', { game_id: '2' });
    expect(room.extra.game_id).toBe(2);
    const eve = await connect('Eve');
    expect(await eve.enter('join-room', sfuExtra('den', { game_id: 1 }))).toMatchObject([null, {}]);
    const { status } = await request(node.sfu.url)
      .get('/resolve')
      .query({ room: 'den' })
      .set('authorization', `Bearer ${await node.readToken(ada.subject)}`);
    expect(status).toBe(409);
    expect(Object.keys(await list({}))).toEqual(['den', 'den #2']);
  });

  it('are compared as they are seen, over every way in (NFKC)', async () => {
    const ada = await node.connect('Ada');
    await ada.open('Zoe\u0308\u200b’s  Ｄｅｎ');
    const name = 'Zoë’s Den';
    expect(Object.keys(await list({}))).toEqual([name]);
    expect(await codeOf((await node.connect('Bob')).open(name))).toBe('room_exists');
    const cid = await connect('Cid');
    const decomposed = sfuExtra('Zoe\u0308’s Den');
    expect(await cid.enter('join-room', decomposed)).toMatchObject([null, { room_name: name }]);
    expect(await cid.call('request-room-state', { roomName: 'Zoe\u0308’s \u202eDen' })).toMatchObject([
      null,
      {},
    ]);
    const joined = await request(node.sfu.url)
      .post(`/join/${encodeURIComponent('Zoe\u0308’s Den')}`)
      .set('authorization', `Bearer ${await node.writeToken({ sub: 'dan', netplayUsername: 'Dan' })}`)
      .send({});
    expect(joined.body).toMatchObject({ room_id: name });
  });
});

describe('what a page of four players sends', () => {
  it('create-room takes max_players', async () => {
    const ada = await connect('Ada');
    const { token } = { token: await node.writeToken(ada.subject) };
    const extra = { ...sfuExtra('den'), token };
    expect(await ada.call('create-room', { extra, max_players: 3 })).toEqual([null]);
    expect(await list({})).toMatchObject({ den: { max: 3 } });
  });

  it('a burst of an offer and eight candidates from everybody to everybody arrives whole', async () => {
    const four = await Promise.all(['Ada', 'Bob', 'Cid', 'Dan'].map((name) => connect(name)));
    const [ada, ...guests] = four as [LegacyPlayer, ...LegacyPlayer[]];
    await ada.enter('open-room', stockExtra('den', 'session-a'));
    for (const guest of guests) await guest.enter('join-room', stockExtra('den', 'session-a', randomUUID()));
    const candidate = { candidate: 'x'.repeat(200), sdpMLineIndex: 0 };
    for (const from of four) {
      for (const to of four) {
        if (from === to) continue;
        from.socket.emit('webrtc-signal', { target: to.socket.id, offer: { sdp: 'v=0' } });
        for (let i = 0; i < 8; i += 1) from.socket.emit('webrtc-signal', { target: to.socket.id, candidate });
      }
    }
    await eventually(() =>
      four.every(({ events }) => events.filter(([name]) => name === 'webrtc-signal').length === 27),
    );
    expect(four.every(({ socket }) => socket.connected)).toBe(true);
  });

  it('and still no flood: who sends thousands is closed', async () => {
    const ada = await connect('Ada');
    await ada.enter('open-room', stockExtra('den', 'session-a'));
    for (let i = 0; i < 400; i += 1) ada.socket.emit('webrtc-signal', { target: 'x', candidate: {} });
    expect(await ada.heard('netplay-closed')).toMatchObject([{ name: 'tooManyMessages' }]);
  });
});
