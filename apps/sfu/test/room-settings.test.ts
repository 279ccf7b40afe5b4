import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { RequestInput, RequestType } from '@romm-netplay/protocol';
import { MAX_CHAT_HISTORY, MAX_CHAT_HISTORY_BYTES, MAX_SPECTATORS } from '@romm-netplay/protocol/wire';
import { eventually } from '@romm-netplay/testing';
import { ChatHistory } from '../src/rooms/model/chat-history.js';
import {
  codeOf,
  lose,
  nextEvent,
  rawSocket,
  startNode,
  type TestNode,
  type TestPlayer,
} from './support/node.js';

let node: TestNode;
beforeEach(async () => {
  node = await startNode({ maxMessagesPerSecond: 1_000, maxSocketsPerAddress: 200 });
});
afterEach(() => node.close());

const ask = <T extends RequestType>({ socket }: TestPlayer, type: T, data: RequestInput<T>) =>
  socket.request(type, data);
const refused = <T extends RequestType>(player: TestPlayer, type: T, data: RequestInput<T>) =>
  codeOf(ask(player, type, data));
const idOf = ({ socket }: TestPlayer) => socket.hello.player_id;

async function den(options: object = {}) {
  const [ada, bob] = [await node.connect('Ada'), await node.connect('Bob')];
  const opened = await ada.open('den', options);
  await bob.join('den', options);
  return { ada, bob, opened };
}

describe('what the owner changes (R1)', () => {
  it('tells every member, and the list', async () => {
    const { ada, bob } = await den();
    const told = nextEvent(bob, 'room-updated');
    const { room } = await ask(ada, 'update-room', { max_players: 2, locked: true, password: 'open sesame' });
    expect(room).toMatchObject({ max_players: 2, locked: true, has_password: true, visibility: 'local' });
    expect(await told).toEqual(room);
    expect(JSON.stringify(room)).not.toContain('sesame');
    const { rooms } = await ask(bob, 'list-rooms', {});
    expect(rooms).toMatchObject([{ room_id: room.room_id, max: 2, locked: true, hasPassword: true }]);
    await ask(ada, 'update-room', { visibility: 'private' });
    expect((await ask(bob, 'list-rooms', {})).rooms).toEqual([]);
  });

  it('sets, changes and removes the password; members need none', async () => {
    const { ada, bob } = await den();
    const eve = await node.connect('Eve');
    await ask(ada, 'update-room', { password: 'one' });
    expect(await codeOf(eve.join('den'))).toBe('wrong_password');
    await ask(ada, 'update-room', { password: 'two' });
    expect(await codeOf(eve.join('den', { password: 'one' }))).toBe('wrong_password');
    await lose(bob, ada);
    await expect((await node.connect('Bob', bob.subject)).join('den')).resolves.toMatchObject({ slot: 1 });
    await ask(ada, 'update-room', { password: null });
    await expect(eve.join('den')).resolves.toMatchObject({ slot: 2 });
  });

  it('bounds how often a password is hashed (R3)', async () => {
    const { ada } = await den();
    for (let i = 0; i < 5; i += 1) await ask(ada, 'update-room', { password: `p${i}` });
    expect(await refused(ada, 'update-room', { password: 'p5' })).toBe('too_many_attempts');
    expect(await refused(ada, 'update-room', { password: null })).toBe('accepted');
  });

  it('locks newcomers out, and lets members come back', async () => {
    const { ada, bob } = await den();
    await ask(ada, 'update-room', { locked: true });
    const eve = await node.connect('Eve');
    const token = await eve.writeToken();
    expect(await refused(eve, 'join-room', { room_name: 'den', token })).toBe('room_locked');
    expect(await codeOf(eve.join('den', { spectator: true }))).toBe('room_locked');
    await lose(bob, ada);
    await expect((await node.connect('Bob', bob.subject)).join('den')).resolves.toMatchObject({ slot: 1 });
    await ask(ada, 'update-room', { locked: false });
    // The refusal used up no token.
    await expect(ask(eve, 'join-room', { room_name: 'den', token })).resolves.toMatchObject({ slot: 2 });
  });

  it('takes no slot from under a player', async () => {
    const { ada, bob } = await den();
    await ask(bob, 'update-player-slot', { slot: 3 });
    expect(await refused(ada, 'update-room', { max_players: 2 })).toBe('slot_taken');
    await ask(ada, 'update-player-slot', { slot: 1, player_id: idOf(bob) });
    await ask(ada, 'update-room', { max_players: 2 });
    expect(await refused(bob, 'update-player-slot', { slot: 2 })).toBe('invalid_slot');
  });

  it('knows a room apart from a later one of the same name', async () => {
    const { ada, bob, opened } = await den();
    await ask(ada, 'leave-room', {});
    await ask(bob, 'leave-room', {});
    const again = await ada.open('den');
    expect(opened.room.room_id).toMatch(/^[\w-]{22}$/);
    expect(again.room.room_id).not.toBe(opened.room.room_id);
  });
});

describe('a room without spectators (R1, D11)', () => {
  it('lets nobody watch, and says so in replies, lists and refusals', async () => {
    const { ada, bob, opened } = await den({ allow_spectators: false });
    expect(opened.room.allow_spectators).toBe(false);
    const eve = await node.connect('Eve');
    const token = await eve.writeToken();
    const wish = { room_name: 'den', token };
    expect(await refused(eve, 'join-room', { ...wish, spectator: true })).toBe('no_spectators');
    expect((await ask(bob, 'list-rooms', {})).rooms).toMatchObject([{ allow_spectators: false }]);
    // Nor those who have a slot; and the refusal used up no token.
    expect(await refused(bob, 'update-player-slot', { slot: null })).toBe('no_spectators');
    await expect(ask(eve, 'join-room', wish)).resolves.toMatchObject({ slot: 2 });
    await ask(ada, 'update-room', { allow_spectators: true });
    await expect(ask(eve, 'update-player-slot', { slot: null })).resolves.toEqual({ slot: null });
  });

  it('lets who watches already stay, and come back', async () => {
    const { ada } = await den();
    const eve = await node.connect('Eve');
    await eve.join('den', { spectator: true });
    await ask(ada, 'update-room', { allow_spectators: false });
    await lose(eve, ada);
    const again = await node.connect('Eve', eve.subject);
    await expect(again.join('den', { spectator: true })).resolves.toMatchObject({ slot: null });
  });

  it('offers to watch only where one may', async () => {
    const extra = { netplay_mode: 'delay_sync', rom_hash: 'aa' };
    const { ada } = await den({ extra, allow_spectators: false });
    const attempt = async (name: string) =>
      (await node.connect(name)).join('den', { extra: { rom_hash: 'bb' } }).catch(String);
    expect(await attempt('Eve')).toMatch(/hash aa/);
    expect(await attempt('Fay')).not.toMatch(/spectator/);
    await ask(ada, 'update-room', { allow_spectators: true });
    expect(await attempt('Gil')).toMatch(/spectator/);
  });
});

describe('slots (R1, D18)', () => {
  it.each<[string, number, number]>([
    ['free: it', 3, 3],
    ['taken: the lowest free one', 1, 2],
    ['none of the room: the lowest free one', 15, 2],
  ])('a player who wishes for a slot that is %s', async (_what, slot, given) => {
    await den();
    const eve = await node.connect('Eve');
    expect((await eve.join('den', { slot })).slot).toBe(given);
  });

  it('a wish is no way past a full room, nor out of the place one has', async () => {
    const { ada, bob } = await den({ max_players: 2 });
    const eve = await node.connect('Eve');
    expect(await codeOf(eve.join('den', { slot: 1 }))).toBe('room_full');
    expect((await eve.join('den', { slot: 1, spectator: true })).slot).toBeNull();
    await ask(ada, 'update-room', { max_players: 4 });
    await lose(bob, ada);
    const again = await node.connect('Bob', bob.subject);
    expect((await again.join('den', { slot: 3 })).slot).toBe(1);
  });

  it('a player moves to a free slot, beside the slots, and back', async () => {
    const { ada, bob } = await den();
    const moved = nextEvent(ada, 'users-updated', ({ users }) => users[1]?.slot === 3);
    expect(await ask(bob, 'update-player-slot', { slot: 3 })).toEqual({ slot: 3 });
    await moved;
    expect(await refused(bob, 'update-player-slot', { slot: 0 })).toBe('slot_taken');
    expect(await refused(bob, 'update-player-slot', { slot: 4 })).toBe('invalid_slot');
    await ask(bob, 'update-player-slot', { slot: null });
    const error = nextEvent(bob, 'error');
    bob.socket.sendFrame(0, new Uint8Array(1));
    expect((await error).code).toBe('spectator');
    // The freed slot is for whoever is first.
    await expect((await node.connect('Eve')).join('den')).resolves.toMatchObject({ slot: 1 });
    expect(await refused(bob, 'update-player-slot', { slot: 1 })).toBe('slot_taken');
    expect(await ask(bob, 'update-player-slot', { slot: 2 })).toEqual({ slot: 2 });
  });

  it('passes ownership on from an owner who only watches; the last player stays one', async () => {
    const { ada, bob } = await den();
    const told = nextEvent(bob, 'users-updated', ({ users }) => users[0]?.slot === null);
    await ask(ada, 'update-player-slot', { slot: null });
    expect((await told).users.map((user) => user.is_owner)).toEqual([false, true]);
    expect(await refused(bob, 'update-player-slot', { slot: null })).toBe('last_player');
  });

  it('nobody squats: a seat beside the slots is bounded, and each player has one place', async () => {
    const { ada, bob } = await den({ max_players: 2 });
    for (let i = 0; i < MAX_SPECTATORS; i += 1) {
      await (await node.connect(`S${i}`)).join('den', { spectator: true });
    }
    expect(await refused(bob, 'update-player-slot', { slot: null })).toBe('room_full');
    const second = await node.connect('Bob', bob.subject);
    await second.join('den');
    expect(await refused(bob, 'update-player-slot', { slot: 1 })).toBe('connection_closed');
    expect((await ask(ada, 'list-rooms', {})).rooms).toMatchObject([{ current: 2, max: 2 }]);
  });
});

describe('metadata (R1, D15, D22)', () => {
  it('changes what is named, removes what is null, and keeps the rest', async () => {
    const { ada, bob } = await den({ extra: { game_id: 7, rom_name: 'Zelda', netplay_mode: 'arcade' } });
    const told = nextEvent(bob, 'room-updated');
    const metadata = { rom_name: null, platform: 'snes', sync_config: { rollback: [1, 2] }, junk: 1 };
    const { room } = await ask(ada, 'update-room-metadata', { metadata });
    const extra = { game_id: 7, netplay_mode: 'arcade', platform: 'snes', sync_config: { rollback: [1, 2] } };
    expect(room.extra).toEqual(extra);
    expect((await told).extra).toEqual(extra);
    expect((await ask(bob, 'list-rooms', {})).rooms[0]).not.toHaveProperty('sync_config');
  });

  it('a member speaks for themselves only, and never as the server', async () => {
    const { ada, bob } = await den();
    const told = nextEvent(ada, 'users-updated', ({ users }) => users[1]?.extra.core_type === 'snes9x');
    const metadata = { core_type: 'snes9x', core_version: '1.62', is_owner: true, slot: 0, name: 'Ada' };
    const reply = await ask(bob, 'update-player-metadata', { metadata });
    expect(reply).toEqual({ extra: { core_type: 'snes9x', core_version: '1.62' }, compatibility: 'ready' });
    expect((await told).users[1]).toMatchObject({ name: 'Bob', slot: 1, is_owner: false });
    await ask(bob, 'update-player-metadata', { metadata: { core_type: null } });
  });

  it('refuses JSON that is nested too deeply to be sent on (R3, D25)', async () => {
    const { socket, messages } = await rawSocket(node.sfu, {
      headers: { authorization: `Bearer ${await node.readToken({ sub: 'ada' })}` },
    });
    const data = `{"data":${'['.repeat(20_000)}${']'.repeat(20_000)}}`;
    socket.send(`{"id":1,"type":"data-message","data":${data}}`);
    await eventually(() => messages.length > 0);
    expect(messages).toMatchObject([{ ok: false, error: { code: 'invalid_request' } }]);
  });

  it.each([
    ['a name that is too long', { rom_name: 'x'.repeat(256) }],
    ['a hash that is too long', { rom_hash: 'x'.repeat(129) }],
    ['a core that is a number', { core_type: 5 }],
    ['an unknown mode', { netplay_mode: 'chess' }],
    ['another mode than before', { netplay_mode: 'delay_sync' }],
    ['another game than the room is registered for', { game_id: 8 }],
    ['no game any more', { game_id: null }],
    ['a sync_config that is too large', { sync_config: 'x'.repeat(2_048) }],
    ['no object', 'metadata'],
  ])('refuses %s, and changes nothing', async (_what, metadata) => {
    const { ada, bob } = await den({ extra: { netplay_mode: 'arcade', game_id: 7 } });
    expect(await refused(ada, 'update-room-metadata', { metadata } as never)).toBe('invalid_request');
    expect((await ask(bob, 'list-rooms', {})).rooms).toMatchObject([{ netplay_mode: 'arcade', game_id: 7 }]);
  });
});

describe('chat history (R1)', () => {
  it('is replayed to whoever joins or comes back, oldest first', async () => {
    const { ada, bob } = await den();
    await ask(ada, 'chat-message', { message: 'one' });
    await ask(bob, 'chat-message', { message: 'two' });
    const eve = await node.connect('Eve');
    const { chat, resume_token: ticket } = await eve.join('den');
    expect(chat.map(({ name, message }) => [name, message])).toEqual([
      ['Ada', 'one'],
      ['Bob', 'two'],
    ]);
    expect(chat[0]).toMatchObject({ player_id: idOf(ada), timestamp: expect.any(Number) });
    await lose(eve, ada);
    await ask(ada, 'chat-message', { message: 'three' });
    const back = await node.connect('Eve', eve.subject);
    expect((await back.resume('den', ticket)).chat.map(({ message }) => message)).toEqual([
      ...['one', 'two', 'three'],
    ]);
  });

  it('keeps the last hundred lines of a flood', async () => {
    await node.close();
    node = await startNode({ maxMessagesPerSecond: 1_000 }, { limits: { chatPerSecond: 1_000 } });
    const { ada } = await den();
    for (let i = 0; i < 120; i += 1) await ask(ada, 'chat-message', { message: `${i}` });
    const { chat } = await (await node.connect('Eve')).join('den');
    expect(chat.map(({ message }) => message)).toEqual(Array.from({ length: 100 }, (_, i) => `${i + 20}`));
  });

  it('is bounded in bytes, whatever characters a flood is made of (R3)', () => {
    const history = new ChatHistory();
    for (let i = 0; i < 300; i += 1) {
      const message = '\u0001'.repeat(500);
      history.add({ message_id: `${i}`, client_id: 'c', player_id: 'p', name: 'n', message, timestamp: i });
    }
    expect(history.lines.length).toBeLessThan(MAX_CHAT_HISTORY);
    expect(Buffer.byteLength(JSON.stringify(history.lines))).toBeLessThanOrEqual(
      MAX_CHAT_HISTORY_BYTES * 1.01,
    );
    expect(history.lines.at(-1)?.message_id).toBe('299');
  });
});
