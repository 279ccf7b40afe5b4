import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CHANNELS, type ReceivedFrame } from '@romm-netplay/protocol/wire';
import { eventually } from '@romm-netplay/testing';
import { codeOf, nextEvent, startNode, type TestNode, type TestPlayer } from './support/node.js';

let node: TestNode;
beforeEach(async () => {
  node = await startNode();
});
afterEach(() => node.close());

async function twoInARoom(): Promise<{ ada: TestPlayer; bob: TestPlayer }> {
  const [ada, bob] = [await node.connect('Ada'), await node.connect('Bob')];
  await ada.open('den');
  await bob.join('den');
  return { ada, bob };
}

const nextFrame = ({ socket }: TestPlayer): Promise<ReceivedFrame> =>
  new Promise((resolve) => {
    const stop = socket.onFrame((frame) => {
      stop();
      resolve(frame);
    });
  });

describe('opening and joining (P1.9, R1)', () => {
  it('seats the opener in slot 0 as owner, and tells everyone who is there', async () => {
    const [ada, bob] = [await node.connect('Ada'), await node.connect('Bob')];
    const opened = await ada.open('den', { max_players: 2, extra: { game_id: 7, junk: 'dropped' } });
    expect(opened).toMatchObject({
      slot: 0,
      room: { room_name: 'den', max_players: 2, has_password: false, extra: { game_id: 7 } },
    });
    expect(opened.room.extra).not.toHaveProperty('junk');
    const told = nextEvent(ada, 'users-updated', ({ users }) => users.length === 2);
    const joined = await bob.join('den', { extra: { core_type: 'snes9x', is_host: true } });
    expect(joined.slot).toBe(1);
    const { users } = await told;
    expect(users).toEqual(joined.room.users);
    expect(users).toMatchObject([
      { client_id: ada.clientId, name: 'Ada', slot: 0, is_owner: true },
      // What a member says of itself stays apart from what the server says (D22).
      { client_id: bob.clientId, name: 'Bob', slot: 1, is_owner: false, extra: { core_type: 'snes9x' } },
    ]);
    expect(users[1]!.extra).not.toHaveProperty('is_host');
  });

  it('shows a room in every list at once, and no longer when its last player has left (D20, D21)', async () => {
    const { ada, bob } = await twoInARoom();
    const list = () => bob.socket.request('list-rooms', {}).then(({ rooms }) => rooms);
    expect(await list()).toMatchObject([
      { room_name: 'den', current: 2, max: 4, hasPassword: false, nodeId: 'node-a' },
    ]);
    await ada.socket.request('leave-room', {});
    expect(await list()).toMatchObject([{ current: 1 }]);
    await bob.socket.request('leave-room', {});
    expect(await list()).toEqual([]);
    await ada.open('den');
  });

  it('keeps private rooms out of the list', async () => {
    const ada = await node.connect('Ada');
    await ada.open('hidden', { visibility: 'private' });
    expect((await ada.socket.request('list-rooms', {})).rooms).toEqual([]);
    await expect((await node.connect('Bob')).join('hidden')).resolves.toMatchObject({ slot: 1 });
  });

  it('passes ownership on when the owner leaves (D13, D15)', async () => {
    const { ada, bob } = await twoInARoom();
    const told = nextEvent(bob, 'users-updated', ({ users }) => users.length === 1);
    await ada.socket.request('leave-room', {});
    expect((await told).users).toMatchObject([{ client_id: bob.clientId, slot: 1, is_owner: true }]);
  });

  it('ends a room without players, and tells those who watched', async () => {
    const [ada, watcher] = [await node.connect('Ada'), await node.connect('Eve')];
    await ada.open('den', { max_players: 1 });
    expect((await watcher.join('den', { spectator: true })).slot).toBeNull();
    const closed = nextEvent(watcher, 'room-closed');
    await ada.socket.request('leave-room', {});
    expect(await closed).toEqual({ room_name: 'den' });
    expect(await codeOf(watcher.socket.request('chat-message', { message: 'hello?' }))).toBe('not_in_room');
    await watcher.open('my own');
  });

  it.each([
    [
      'room_exists',
      'a name that is taken',
      async (ada: TestPlayer, bob: TestPlayer) => ada.open('den').then(() => bob.open('den')),
    ],
    ['room_not_found', 'a room that does not exist', async (ada: TestPlayer) => ada.join('nowhere')],
    [
      'room_full',
      'a full room',
      async (ada: TestPlayer, bob: TestPlayer) =>
        ada.open('den', { max_players: 1 }).then(() => bob.join('den')),
    ],
    [
      'already_in_room',
      'a second room',
      async (ada: TestPlayer) => ada.open('den').then(() => ada.open('other')),
    ],
    [
      'already_in_room',
      'joining twice',
      async (ada: TestPlayer) => ada.open('den').then(() => ada.join('den')),
    ],
    ['invalid_request', 'a name that no path can have', async (ada: TestPlayer) => ada.open(' .. ')],
    ['invalid_request', 'a name with nothing to see', async (ada: TestPlayer) => ada.open('\u3164\u200b')],
    ['invalid_request', 'too many players', async (ada: TestPlayer) => ada.open('den', { max_players: 17 })],
    ['invalid_request', 'no players', async (ada: TestPlayer) => ada.open('den', { max_players: 0 })],
  ])('%s: refuses %s', async (code, _what, attempt) => {
    const [ada, bob] = [await node.connect('Ada'), await node.connect('Bob')];
    expect(await codeOf(attempt(ada, bob))).toBe(code);
  });

  it('takes one player once, even from two devices', async () => {
    const ada = await node.connect('Ada');
    await ada.open('den');
    const device = await node.connect('Ada', ada.subject);
    const { room } = await device.join('den');
    expect(room.users.map((user) => user.client_id)).toEqual([device.clientId]);
  });

  it('bounds the rooms that one player owns, sockets and kept places together (R3)', async () => {
    const ada = await node.connect('Ada');
    for (let i = 0; i < 8; i += 1) {
      const device = await node.connect('Ada', ada.subject);
      await device.open(`mine-${i}`);
      device.socket.close();
    }
    expect(await codeOf(ada.open('one-too-many'))).toBe('rooms_full');
    await (await node.connect('Bob')).open('still room for others');
  });

  it('lets one of many racing openers have a name, and seats no more players than slots', async () => {
    const players = await Promise.all(Array.from({ length: 12 }, (_, i) => node.connect(`P${i}`)));
    const opened = await Promise.all(
      players.map((player) => codeOf(player.open('race', { max_players: 3 }))),
    );
    expect(opened.filter((code) => code === 'accepted')).toHaveLength(1);
    const losers = players.filter((_, i) => opened[i] !== 'accepted');
    const joined = await Promise.all(losers.map((player) => codeOf(player.join('race'))));
    expect(joined.filter((code) => code === 'accepted')).toHaveLength(2);
    expect(joined.filter((code) => code === 'room_full')).toHaveLength(9);
  });

  it('does not send players in a circle by a record left over from before a restart', async () => {
    const { state } = node;
    await state.rooms.upsert({
      room_name: 'ghost',
      current: 1,
      max: 4,
      hasPassword: false,
      nodeId: 'node-a',
      url: 'https://a.example',
    });
    const ada = await node.connect('Ada');
    expect(await codeOf(ada.join('ghost'))).toBe('room_not_found');
    await ada.open('ghost');
  });

  it('takes a room name that is a member’s client id for a name and nothing else (D12)', async () => {
    const { ada, bob } = await twoInARoom();
    const mallory = await node.connect('Mallory');
    await mallory.open(ada.clientId);
    const overheard: unknown[] = [];
    mallory.socket.on('webrtc-signal', (data) => overheard.push(data));
    const received = nextEvent(ada, 'webrtc-signal');
    await bob.socket.request('webrtc-signal', { target: ada.clientId, signal: 'private' });
    await received;
    expect(overheard).toEqual([]);
  });

  it('leaves no ghost when the line is lost while a room is being opened or joined', async () => {
    const strict = await startNode({ reconnectGraceSeconds: 0 });
    const [ada, bob] = [await strict.connect('Ada'), await strict.connect('Bob')];
    await ada.open('den');
    for (let i = 0; i < 10; i += 1) {
      const hasty = await strict.connect('Hasty');
      const request = i % 2 === 0 ? hasty.open(`ghost-${i}`) : hasty.join('den', { spectator: true });
      hasty.socket.close();
      await request.catch(() => undefined);
    }
    await eventually(async () => {
      const { rooms } = await bob.socket.request('list-rooms', {});
      return rooms.length === 1 && strict.sfu.rooms === 1;
    });
    expect((await bob.join('den')).room.users).toHaveLength(2);
    await strict.close();
  });
});

describe('passwords (D22)', () => {
  it('admits who knows the password, and nobody else', async () => {
    const [ada, bob] = [await node.connect('Ada'), await node.connect('Bob')];
    const { room } = await ada.open('vault', { password: 'open sesame' });
    expect(room.has_password).toBe(true);
    expect(JSON.stringify(room)).not.toContain('sesame');
    expect(await codeOf(bob.join('vault'))).toBe('wrong_password');
    expect(await codeOf(bob.join('vault', { password: 'Open sesame' }))).toBe('wrong_password');
    await expect(bob.join('vault', { password: 'open sesame' })).resolves.toMatchObject({ slot: 1 });
  });

  it('bounds the tries of a player, also when they come at the same time', async () => {
    const ada = await node.connect('Ada');
    await ada.open('vault', { password: 'open sesame' });
    const subject = { sub: 'guesser' };
    const sockets = await Promise.all(Array.from({ length: 10 }, () => node.connect('Guesser', subject)));
    const codes = await Promise.all(
      sockets.map((socket, i) => codeOf(socket.join('vault', { password: `guess ${i}` }))),
    );
    expect(codes.filter((code) => code === 'wrong_password')).toHaveLength(5);
    expect(codes.filter((code) => code === 'too_many_attempts')).toHaveLength(5);
    // And costs no token any more.
    const token = await sockets[0]!.writeToken();
    const late = sockets[0]!.socket.request('join-room', {
      room_name: 'vault',
      password: 'open sesame',
      token,
    });
    expect(await codeOf(late)).toBe('too_many_attempts');
    await expect(
      sockets[0]!.socket.request('open-room', { room_name: 'mine', token }),
    ).resolves.toBeDefined();
    await expect(
      (await node.connect('Bob')).join('vault', { password: 'open sesame' }),
    ).resolves.toBeDefined();
  });

  it('makes every try cost a write token', async () => {
    const [ada, bob] = [await node.connect('Ada'), await node.connect('Bob')];
    await ada.open('vault', { password: 'open sesame' });
    const token = await bob.writeToken();
    const attempt = (password: string) =>
      bob.socket.request('join-room', { room_name: 'vault', password, token });
    expect(await codeOf(attempt('wrong'))).toBe('wrong_password');
    expect(await codeOf(attempt('open sesame'))).toBe('token_used');
  });
});

describe('what members send each other (R2)', () => {
  it('shows chat to everyone, trimmed and named by the server', async () => {
    const { ada, bob } = await twoInARoom();
    const shown = [nextEvent(ada, 'chat-message'), nextEvent(bob, 'chat-message')];
    const { message_id } = await bob.socket.request('chat-message', { message: '  gg <b>  ' });
    for (const event of await Promise.all(shown)) {
      expect(event).toEqual({
        message_id,
        client_id: bob.clientId,
        player_id: bob.socket.hello.player_id,
        name: 'Bob',
        message: 'gg <b>',
        timestamp: expect.any(Number),
      });
    }
  });

  it('carries data and signals to members only (D16)', async () => {
    const { ada, bob } = await twoInARoom();
    const outsider = await node.connect('Mallory');
    const overheard: unknown[] = [];
    for (const type of ['data-message', 'webrtc-signal', 'chat-message', 'users-updated'] as const) {
      outsider.socket.on(type, (data) => overheard.push(data));
    }
    const data = nextEvent(bob, 'data-message');
    await ada.socket.request('data-message', { data: { any: ['thing'] } });
    expect(await data).toEqual({ client_id: ada.clientId, data: { any: ['thing'] } });
    const signal = nextEvent(ada, 'webrtc-signal');
    await bob.socket.request('webrtc-signal', { target: ada.clientId, signal: { offer: 'sdp' } });
    expect(await signal).toEqual({ client_id: bob.clientId, signal: { offer: 'sdp' } });

    const attempts = [
      outsider.socket.request('webrtc-signal', { target: ada.clientId, signal: {} }),
      outsider.socket.request('data-message', { data: {} }),
      outsider.socket.request('chat-message', { message: 'hi' }),
    ];
    expect(await Promise.all(attempts.map(codeOf))).toEqual(['not_in_room', 'not_in_room', 'not_in_room']);
    await outsider.open('elsewhere');
    for (const target of [ada.clientId, outsider.clientId, 'host', 'den', '__proto__']) {
      const attempt = outsider.socket.request('webrtc-signal', { target, signal: {} });
      expect(await codeOf(attempt)).toBe('target_not_in_room');
    }
    expect(overheard.filter((entry) => JSON.stringify(entry).includes('den'))).toEqual([]);
  });

  it('relays every byte to every other member, marked with the sender’s slot', async () => {
    const { ada, bob } = await twoInARoom();
    const watcher = await node.connect('Eve');
    await watcher.join('den', { spectator: true });
    const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    for (const channel of Object.values(CHANNELS)) {
      const frames = [nextFrame(ada), nextFrame(watcher)];
      bob.socket.sendFrame(channel, all);
      for (const frame of await Promise.all(frames)) {
        expect({ ...frame, payload: [...frame.payload] }).toEqual({ channel, slot: 1, payload: [...all] });
      }
    }
  });

  it('tells the sender of a frame that was refused, and relays nothing', async () => {
    const { ada, bob } = await twoInARoom();
    const [watcher, outsider] = [await node.connect('Eve'), await node.connect('Mallory')];
    await watcher.join('den', { spectator: true });
    const received: ReceivedFrame[] = [];
    ada.socket.onFrame((frame) => received.push(frame));
    const refused = async (player: TestPlayer, channel: number) => {
      const event = nextEvent(player, 'error');
      player.socket.sendFrame(channel as 0, new Uint8Array(3));
      return (await event).code;
    };
    expect(await refused(watcher, CHANNELS.input)).toBe('spectator');
    expect(await refused(outsider, CHANNELS.input)).toBe('not_in_room');
    expect(await refused(bob, 3)).toBe('bad_frame');
    const last = nextFrame(ada);
    bob.socket.sendFrame(CHANNELS.input, Uint8Array.of(1));
    await last;
    expect(received).toHaveLength(1);
  });
});
