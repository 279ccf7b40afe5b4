import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { RequestInput, RequestType } from '@romm-netplay/protocol';
import { CHANNELS, MAX_BANS } from '@romm-netplay/protocol/wire';
import { Room } from '../src/rooms/model/room.js';
import { codeOf, lose, nextEvent, startNode, type TestNode, type TestPlayer } from './support/node.js';

let node: TestNode;
beforeEach(async () => {
  node = await startNode();
});
afterEach(() => node.close());

const ask = <T extends RequestType>({ socket }: TestPlayer, type: T, data: RequestInput<T>) =>
  socket.request(type, data);
const idOf = ({ socket }: TestPlayer) => socket.hello.player_id;
const refused = <T extends RequestType>(player: TestPlayer, type: T, data: RequestInput<T>) =>
  codeOf(ask(player, type, data));

/** Ada owns the den, Bob plays in it, Eve watches, Mallory is outside. */
async function den(options: object = {}) {
  const [ada, bob, eve, mallory] = [
    await node.connect('Ada'),
    await node.connect('Bob'),
    await node.connect('Eve'),
    await node.connect('Mallory'),
  ];
  await ada.open('den', options);
  const { resume_token: bobTicket } = await bob.join('den');
  await eve.join('den', { spectator: true });
  return { ada, bob, eve, mallory, bobTicket };
}

describe('kicking (R1, S2)', () => {
  it('puts a player out at once, tells them and the others, and leaves their socket open', async () => {
    const { ada, bob } = await den();
    const [told, left] = [
      nextEvent(bob, 'kicked'),
      nextEvent(ada, 'users-updated', ({ users }) => users.length === 2),
    ];
    expect(await ask(ada, 'kick-player', { player_id: idOf(bob) })).toEqual({ bans: [] });
    expect(await told).toEqual({ room_name: 'den', banned: false });
    await left;
    expect(await refused(bob, 'chat-message', { message: 'hey' })).toBe('not_in_room');
    const frame = nextEvent(bob, 'error');
    bob.socket.sendFrame(CHANNELS.input, new Uint8Array(1));
    expect((await frame).code).toBe('not_in_room');
    await expect(bob.join('den')).resolves.toMatchObject({ slot: 1 });
  });

  it('voids the resume ticket of who was kicked, connected or away', async () => {
    const { ada, bob, bobTicket } = await den();
    await lose(bob, ada);
    await ask(ada, 'kick-player', { player_id: idOf(bob) });
    const back = await node.connect('Bob', bob.subject);
    expect(await codeOf(back.resume('den', bobTicket))).toBe('resume_refused');
  });

  it('bans a player on whatever socket, in whatever role, until the owner lifts it (S6)', async () => {
    const { ada, bob, bobTicket } = await den();
    const { bans } = await ask(ada, 'kick-player', { player_id: idOf(bob), ban: true });
    expect(bans).toEqual([{ player_id: idOf(bob), name: 'Bob' }]);
    const device = await node.connect('Another name', bob.subject);
    expect(await codeOf(device.join('den'))).toBe('banned');
    expect(await codeOf(device.join('den', { spectator: true }))).toBe('banned');
    expect(await codeOf(device.resume('den', bobTicket))).toBe('resume_refused');
    // An equal name is somebody else.
    await expect((await node.connect('Bob')).join('den')).resolves.toMatchObject({ slot: 1 });
    expect(await ask(ada, 'unban-player', { player_id: idOf(bob) })).toEqual({ bans: [] });
    await expect(device.join('den')).resolves.toMatchObject({ slot: 2 });
  });

  it('spends no write token on a banned player, and bans whoever only watched too', async () => {
    const { ada, eve } = await den();
    await ask(ada, 'kick-player', { player_id: idOf(eve), ban: true });
    const token = await eve.writeToken();
    expect(await refused(eve, 'join-room', { room_name: 'den', token })).toBe('banned');
    await expect(ask(eve, 'open-room', { room_name: 'my own', token })).resolves.toBeDefined();
  });

  it('forgets bans with the room', async () => {
    const { ada, bob } = await den();
    await ask(ada, 'kick-player', { player_id: idOf(bob), ban: true });
    await ask(ada, 'leave-room', {});
    const fresh = await ada.open('den');
    await expect(bob.join('den')).resolves.toMatchObject({ room: { room_id: fresh.room.room_id } });
  });

  it('bounds the ban list, and kicks nobody whom it cannot ban', () => {
    const options = { maxPlayers: 1, passwordHash: undefined, visibility: 'local', extra: {} } as const;
    const room = new Room({ id: 'id', key: 'name:den', name: 'den', ...options });
    const outbox = {
      returns: true,
      sendEvent: () => undefined,
      sendBinary: () => undefined,
      close: () => undefined,
    };
    const enter = (playerId: string) =>
      room.join(
        {
          ...{ clientId: playerId, outbox, sessionRef: undefined },
          player: { issuer: 'i', sub: playerId, playerId, name: playerId, instance: null },
        },
        { spectator: playerId !== 'owner', ticketHash: Buffer.alloc(32) },
      );
    enter('owner');
    for (let i = 0; i < MAX_BANS; i += 1) {
      enter(`p${i}`);
      room.kick(`p${i}`, true);
    }
    enter('last');
    expect(() => room.kick('last', true)).toThrow(/bans/);
    expect(room.placeOf('last')).toBeDefined();
    room.unban('p0');
    room.kick('last', true);
    expect(room.bans).toHaveLength(MAX_BANS);
  });
});

describe('who may do what (S2, D13, D15)', () => {
  const OWNER_REQUESTS: [RequestType, (bob: string) => object][] = [
    ['kick-player', (player_id) => ({ player_id })],
    ['unban-player', (player_id) => ({ player_id })],
    ['transfer-ownership', (player_id) => ({ player_id })],
    ['update-room', () => ({ locked: true })],
    ['update-room', () => ({ password: null })],
    ['update-room-metadata', () => ({ metadata: { rom_name: 'mine' } })],
    ['update-player-slot', (player_id) => ({ slot: 3, player_id })],
    ['start-game', () => ({})],
    ['netplay-host-paused', () => ({})],
    ['netplay-host-resumed', () => ({})],
    ['return-to-lobby', () => ({})],
  ];
  it.each(OWNER_REQUESTS)(
    '%s is for the owner, by whatever way somebody else came in',
    async (type, data) => {
      const { ada, bob, eve, mallory } = await den();
      const attempt = (player: TestPlayer) => refused(player, type, data(idOf(ada)) as never);
      expect(await attempt(bob)).toBe('not_owner');
      expect(await attempt(eve)).toBe('not_owner');
      expect(await attempt(mallory)).toBe('not_in_room');
      // Owning another room gives no rights here.
      await mallory.open('elsewhere');
      const outcome = await attempt(mallory);
      if (type === 'kick-player' || type === 'transfer-ownership' || type === 'update-player-slot')
        expect(outcome).toBe('target_not_in_room');
      const seat = await bob.socket.request('update-player-metadata', { metadata: {} });
      expect(seat.compatibility).toBe('ready');
      const { rooms } = await ask(ada, 'list-rooms', {});
      expect(rooms.find(({ room_name: name }) => name === 'den')).toMatchObject({
        locked: false,
        phase: 'running',
      });
    },
  );

  const MEMBER_REQUESTS: [RequestType, object][] = [
    ['update-player-slot', { slot: 2 }],
    ['update-player-metadata', { metadata: {} }],
    ['player-ready', {}],
    ['player-unready', {}],
    ['ready-at-frame-1', { frame: 1 }],
  ];
  it.each(MEMBER_REQUESTS)('%s is for members', async (type, data) => {
    const { mallory } = await den();
    expect(await refused(mallory, type, data as never)).toBe('not_in_room');
  });

  it('an owner can neither kick themself, nor somebody who is not there', async () => {
    const { ada, mallory } = await den();
    expect(await refused(ada, 'kick-player', { player_id: idOf(ada) })).toBe('invalid_request');
    for (const target of [idOf(mallory), 'nobody', '__proto__', ada.clientId]) {
      expect(await refused(ada, 'kick-player', { player_id: target, ban: true })).toBe('target_not_in_room');
    }
  });

  it('rights end with a hand-over, and with being kicked by the new owner', async () => {
    const { ada, bob, eve } = await den();
    expect(await refused(ada, 'transfer-ownership', { player_id: idOf(eve) })).toBe('spectator');
    const told = nextEvent(bob, 'users-updated', ({ users }) =>
      users.some((user) => user.player_id === idOf(bob) && user.is_owner),
    );
    expect(await ask(ada, 'transfer-ownership', { player_id: idOf(bob) })).toEqual({});
    expect((await told).users.filter((user) => user.is_owner)).toHaveLength(1);
    expect(await refused(ada, 'kick-player', { player_id: idOf(bob) })).toBe('not_owner');
    await ask(bob, 'kick-player', { player_id: idOf(ada), ban: true });
    expect(await codeOf(ada.join('den'))).toBe('banned');
  });

  it('ownership goes to nobody who owns as many rooms as a player may (R1)', async () => {
    const { ada, bob } = await den();
    for (let i = 0; i < 8; i += 1) {
      // One socket is in one room; the rooms of the others keep their place for Bob.
      const other = await node.connect('Bob', bob.subject);
      await other.open(`of-bob-${i}`);
      other.socket.close();
    }
    const attempt = (player_id: string) => refused(ada, 'transfer-ownership', { player_id });
    expect(await attempt(idOf(bob))).toBe('rooms_full');
    expect(await attempt(idOf(ada))).toBe('accepted');
    const cid = await node.connect('Cid');
    await cid.join('den');
    // The room goes to who may own one more, and not to the lowest slot.
    await ask(ada, 'leave-room', {});
    const told = nextEvent(bob, 'users-updated');
    await ask(cid, 'update-player-slot', { slot: 3 });
    expect((await told).users.filter((user) => user.is_owner)).toMatchObject([{ name: 'Cid' }]);
    // And lives on where nobody else is left.
    await ask(cid, 'leave-room', {});
    expect(await refused(bob, 'update-room', { locked: true })).toBe('accepted');
  });

  it('ownership goes to nobody who is away', async () => {
    const { ada, bob } = await den();
    await lose(bob, ada);
    expect(await refused(ada, 'transfer-ownership', { player_id: idOf(bob) })).toBe('target_not_in_room');
  });
});
