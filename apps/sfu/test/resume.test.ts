import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { NetplayError } from '@romm-netplay/client';
import { createMemoryState, type SharedState } from '@romm-netplay/shared-state';
import { CHANNELS, CLOSE_CODES } from '@romm-netplay/protocol/wire';
import { eventually } from '@romm-netplay/testing';
import {
  codeOf,
  lose,
  nextEvent,
  rawSocket,
  startNode,
  type TestNode,
  type TestPlayer,
} from './support/node.js';

const GRACE_MS = 60_000;

let nowMs: number;
let node: TestNode;
beforeEach(async () => {
  nowMs = Date.now();
  node = await startNode({}, { now: () => nowMs });
});
afterEach(() => node.close());

async function twoInARoom(options = {}) {
  const [ada, bob] = [await node.connect('Ada'), await node.connect('Bob')];
  const opened = await ada.open('den', options);
  const joined = await bob.join('den', options);
  return { ada, bob, adaTicket: opened.resume_token, bobTicket: joined.resume_token };
}
const again = (player: TestPlayer) => node.connect('Again', player.subject);
const whenUsers = (witness: TestPlayer, count: number) =>
  nextEvent(witness, 'users-updated', ({ users }) => users.length === count);

describe('a lost connection (R4, S5)', () => {
  it('keeps slot, role and ownership, and the others see who is away', async () => {
    const { ada, bob } = await twoInARoom();
    const told = nextEvent(bob, 'users-updated', ({ users }) => !users[0]!.connected);
    ada.socket.close();
    expect((await told).users).toMatchObject([
      { client_id: ada.clientId, slot: 0, is_owner: true, connected: false },
      { client_id: bob.clientId, slot: 1, is_owner: false, connected: true },
    ]);
    // Kept places count, here and in the list; nobody else gets them.
    expect((await bob.socket.request('list-rooms', {})).rooms).toMatchObject([{ current: 2 }]);
    expect((await (await node.connect('Cid')).join('den')).slot).toBe(2);
  });

  it('waits no longer when the clock is put back meanwhile', async () => {
    const { ada, bob } = await twoInARoom();
    await lose(ada, bob);
    nowMs -= 3600_000;
    // The node looks at its clock every second.
    await sleep(2_500);
    // What players are told is by the clock as it is now.
    const said = nextEvent(bob, 'chat-message');
    await bob.socket.request('chat-message', { message: 'What time is it?' });
    expect((await said).timestamp).toBe(nowMs);
    const left = whenUsers(bob, 1);
    nowMs += GRACE_MS + 1_000;
    await left;
  });

  it('gets its place back with the one-time ticket: no write token, no password, a full room or not', async () => {
    const { ada, bob, adaTicket } = await twoInARoom({ max_players: 2, password: 'open sesame' });
    await lose(ada, bob);
    const back = await again(ada);
    const told = nextEvent(bob, 'users-updated', ({ users }) => users[0]!.connected);
    const seat = await back.resume('den', adaTicket);
    expect(Object.keys(seat)).toEqual(['room', 'slot', 'resume_token', 'chat']);
    expect(seat).toMatchObject({ slot: 0, resume_token: expect.stringMatching(/^[\w-]{22}$/) });
    const { users } = await told;
    expect(users).toMatchObject([
      { client_id: back.clientId, slot: 0, is_owner: true, connected: true },
      { client_id: bob.clientId, slot: 1 },
    ]);
    expect(seat.room.users).toEqual(users);
    const frame = new Promise((resolve) => bob.socket.onFrame(resolve));
    back.socket.sendFrame(CHANNELS.input, Uint8Array.of(7));
    expect(await frame).toMatchObject({ slot: 0 });
  });

  it('drops what is sent meanwhile, and takes up again with the room as it is now', async () => {
    const { ada, bob, bobTicket } = await twoInARoom();
    await lose(bob, ada);
    await ada.socket.request('chat-message', { message: 'missed' });
    await ada.socket.request('webrtc-signal', { target: bob.clientId, signal: 'missed' });
    ada.socket.sendFrame(CHANNELS.input, Uint8Array.of(1));
    const back = await again(bob);
    const heard: unknown[] = [];
    for (const type of ['chat-message', 'webrtc-signal'] as const)
      back.socket.on(type, (data) => heard.push(data));
    back.socket.onFrame((frame) => heard.push(frame));
    await back.resume('den', bobTicket);
    await ada.socket.request('chat-message', { message: 'heard' });
    await eventually(() => heard.length > 0);
    expect(heard).toMatchObject([{ message: 'heard' }]);
  });

  it('leaves when the grace time is over, as with leave-room', async () => {
    const { ada, bob, adaTicket } = await twoInARoom();
    await lose(ada, bob);
    const left = whenUsers(bob, 1);
    nowMs += GRACE_MS;
    expect((await left).users).toMatchObject([{ client_id: bob.clientId, slot: 1, is_owner: true }]);
    const back = await again(ada);
    expect(await codeOf(back.resume('den', adaTicket))).toBe('resume_refused');
    expect((await back.join('den')).slot).toBe(0);
  });

  it('keeps a room in which everybody is away until the grace time is over, watched or not', async () => {
    const [ada, watcher] = [await node.connect('Ada'), await node.connect('Eve')];
    await ada.open('den');
    await watcher.join('den', { spectator: true });
    await lose(ada, watcher);
    nowMs += GRACE_MS - 1;
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    expect(node.sfu.rooms).toBe(1);
    const closed = nextEvent(watcher, 'room-closed');
    nowMs += 1;
    expect(await closed).toEqual({ room_name: 'den' });
    expect(await node.state.rooms.list()).toEqual([]);
  });

  it('keeps the place of a spectator as well', async () => {
    const ada = await node.connect('Ada');
    const watcher = await node.connect('Eve');
    await ada.open('den');
    const { resume_token: ticket } = await watcher.join('den', { spectator: true });
    await lose(watcher, ada);
    expect(await (await again(watcher)).resume('den', ticket)).toMatchObject({ slot: null });
  });

  it('leaves at once where the grace time is 0', async () => {
    const strict = await startNode({ reconnectGraceSeconds: 0 });
    const [ada, bob] = [await strict.connect('Ada'), await strict.connect('Bob')];
    const { resume_token: ticket } = await ada.open('den');
    await bob.join('den');
    const left = nextEvent(bob, 'users-updated', ({ users }) => users.length === 1);
    ada.socket.close();
    expect((await left).users).toMatchObject([{ client_id: bob.clientId, is_owner: true }]);
    expect(await codeOf((await strict.connect('Ada', ada.subject)).resume('den', ticket))).toBe(
      'resume_refused',
    );
    await strict.close();
  });

  it('keeps nothing after leave-room', async () => {
    const { ada, bob, adaTicket } = await twoInARoom();
    const left = whenUsers(bob, 1);
    await ada.socket.request('leave-room', {});
    await left;
    expect(await codeOf(ada.resume('den', adaTicket))).toBe('resume_refused');
  });

  it('counts each room for itself: lost in one, playing in another (D24)', async () => {
    const { ada, bob, adaTicket } = await twoInARoom();
    await lose(ada, bob);
    const elsewhere = await again(ada);
    await elsewhere.open('other');
    const left = whenUsers(bob, 1);
    nowMs += GRACE_MS;
    await left;
    expect(await codeOf((await again(ada)).resume('den', adaTicket))).toBe('resume_refused');
    await elsewhere.socket.request('chat-message', { message: 'still here' });
    await elsewhere.socket.request('leave-room', {});
    await bob.socket.request('leave-room', {});
    expect(node.sfu.rooms).toBe(0);
  });
});

describe('tickets (R4)', () => {
  it('are refused all alike: wrong, used, of another player, of a room that is not here', async () => {
    const { ada, bob, adaTicket, bobTicket } = await twoInARoom();
    await (await node.connect('Cid')).open('elsewhere');
    await lose(ada, bob);
    const [back, thief] = [await again(ada), await node.connect('Mallory')];
    const answers = await Promise.all(
      [
        back.resume('den', 'AAAAAAAAAAAAAAAAAAAAAA'),
        back.resume('den', bobTicket),
        back.resume('elsewhere', adaTicket),
        back.resume('nowhere', adaTicket),
        thief.resume('den', adaTicket),
      ].map((attempt) =>
        attempt.then(
          () => 'accepted',
          (error: unknown) => {
            const { code, message, retryable } = error as NetplayError;
            return JSON.stringify({ code, message, retryable });
          },
        ),
      ),
    );
    expect(new Set(answers).size).toBe(1);
    expect(answers[0]).toContain('"resume_refused"');
    // None of this spoiled the place.
    expect((await back.resume('den', adaTicket)).slot).toBe(0);
  });

  it('are of no use to a thief who is a member, too', async () => {
    const { ada, bob, adaTicket } = await twoInARoom();
    await lose(ada, bob);
    const thief = await again(bob);
    expect(await codeOf(thief.resume('den', adaTicket))).toBe('resume_refused');
    expect(await codeOf(bob.resume('den', adaTicket))).toBe('already_in_room');
  });

  it('work once: a replayed one is refused, the newest one goes on', async () => {
    const { ada, bob, adaTicket } = await twoInARoom();
    await lose(ada, bob);
    const first = await again(ada);
    const { resume_token: next } = await first.resume('den', adaTicket);
    const second = await again(ada);
    expect(await codeOf(second.resume('den', adaTicket))).toBe('resume_refused');
    expect((await second.resume('den', next)).slot).toBe(0);
    expect(await first.socket.closed).toMatchObject({ code: CLOSE_CODES.takenOver.code, retry: false });
  });

  it('take the place from a live socket of the same player, whatever the policy on takeover', async () => {
    const strict = await startNode({ allowTakeover: false });
    const ada = await strict.connect('Ada');
    const { resume_token: ticket } = await ada.open('den');
    const back = await strict.connect('Ada', ada.subject);
    expect((await back.resume('den', ticket)).slot).toBe(0);
    expect(await ada.socket.closed).toMatchObject({ code: CLOSE_CODES.takenOver.code });
    await strict.close();
  });

  it('let one of many sockets win that resume at once', async () => {
    const { ada, bob, adaTicket } = await twoInARoom();
    await lose(ada, bob);
    const sockets = await Promise.all(Array.from({ length: 20 }, () => again(ada)));
    const codes = await Promise.all(sockets.map((socket) => codeOf(socket.resume('den', adaTicket))));
    expect(codes.filter((code) => code === 'accepted')).toHaveLength(1);
    expect(codes.filter((code) => code === 'resume_refused')).toHaveLength(19);
    const winner = sockets[codes.indexOf('accepted')]!;
    const { users } = (await (await node.connect('Cid')).join('den')).room;
    expect(users).toHaveLength(3);
    expect(users[0]).toMatchObject({ client_id: winner.clientId, slot: 0 });
  });

  it('are not needed by a socket that is in a room already', async () => {
    const { ada, adaTicket } = await twoInARoom();
    expect(await codeOf(ada.resume('den', adaTicket))).toBe('already_in_room');
  });

  it('survive a line that is cut without a word', async () => {
    const ada = { sub: 'ada' };
    const line = await rawSocket(node.sfu, {
      headers: { authorization: `Bearer ${await node.readToken(ada)}` },
    });
    const opened = await line.call('open-room', { room_name: 'den', token: await node.writeToken(ada) });
    line.socket.terminate();
    await eventually(() => node.sfu.connections === 0);
    const { resume_token: ticket } = opened['data'] as { resume_token: string };
    expect((await (await node.connect('Ada', ada)).resume('den', ticket)).slot).toBe(0);
  });
});

describe('coming back with a write token (R4, S5)', () => {
  it('gives the kept place back: same slot and role, no password asked, a full room or not', async () => {
    const { ada, bob } = await twoInARoom({ max_players: 2, password: 'open sesame' });
    await lose(ada, bob);
    const back = await again(ada);
    const seat = await back.join('den', { spectator: true, extra: { core_type: 'snes9x' } });
    expect(seat.slot).toBe(0);
    expect(seat.room.users[0]).toMatchObject({
      client_id: back.clientId,
      is_owner: true,
      connected: true,
      extra: { core_type: 'snes9x' },
    });
  });

  it('makes the ticket from before void', async () => {
    const { ada, bob, adaTicket } = await twoInARoom();
    await lose(ada, bob);
    await (await again(ada)).join('den');
    expect(await codeOf((await again(ada)).resume('den', adaTicket))).toBe('resume_refused');
  });

  it('still costs the token', async () => {
    const { ada, bob } = await twoInARoom();
    await lose(ada, bob);
    const [first, token] = [await again(ada), await ada.writeToken()];
    await first.join('den', { token });
    await lose(first, bob);
    expect(await codeOf((await again(ada)).join('den', { token }))).toBe('token_used');
  });

  describe('while the token is being used up (adr/0005)', () => {
    interface Gate {
      /** Holds up the next use of a token; resolves when it has come. */
      next(): Promise<void>;
      release(): void;
    }

    async function gatedNode(changes = {}): Promise<Gate> {
      const memory = createMemoryState({ elapsed: () => nowMs });
      let hold: (() => Promise<void>) | undefined;
      let release: () => void = () => undefined;
      const jtis: SharedState['jtis'] = {
        ...memory.jtis,
        async consume(jti, sub) {
          const held = hold?.();
          hold = undefined;
          await held;
          return memory.jtis.consume(jti, sub);
        },
      };
      await node.close();
      node = await startNode(changes, { now: () => nowMs, state: { ...memory, jtis } });
      return {
        next: () =>
          new Promise((entered) => {
            hold = () => {
              entered();
              return new Promise((resolve) => (release = resolve));
            };
          }),
        release: () => release(),
      };
    }

    it('the place can expire: then the password is asked after all', async () => {
      const gate = await gatedNode({ reconnectGraceSeconds: 5 });
      const { ada, bob } = await twoInARoom({ password: 'open sesame' });
      await lose(ada, bob);
      const back = await again(ada);
      const held = gate.next();
      const joining = codeOf(back.join('den'));
      await held;
      const left = whenUsers(bob, 1);
      nowMs += 5_000;
      await left;
      gate.release();
      expect(await joining).toBe('wrong_password');
    });

    it('the room can end: then there is nothing to join', async () => {
      const gate = await gatedNode();
      const ada = await node.connect('Ada');
      await ada.open('den');
      const back = await again(ada);
      const held = gate.next();
      const joining = codeOf(back.join('den'));
      await held;
      await ada.socket.request('leave-room', {});
      gate.release();
      expect(await joining).toBe('room_not_found');
    });

    it('the slot can go to somebody else: then the room is full', async () => {
      const gate = await gatedNode();
      const { ada } = await twoInARoom({ max_players: 2 });
      const [back, cid] = [await again(ada), await node.connect('Cid')];
      const held = gate.next();
      const joining = codeOf(back.join('den'));
      await held;
      await ada.socket.request('leave-room', {});
      expect((await cid.join('den')).slot).toBe(0);
      gate.release();
      expect(await joining).toBe('room_full');
    });

    it('the line can be lost again: then nothing is taken', async () => {
      const gate = await gatedNode();
      const { ada, bob, adaTicket } = await twoInARoom();
      await lose(ada, bob);
      const hasty = await again(ada);
      const held = gate.next();
      const joining = codeOf(hasty.join('den'));
      await held;
      hasty.socket.close();
      await joining;
      await eventually(() => node.sfu.connections === 1);
      gate.release();
      expect((await (await again(ada)).resume('den', adaTicket)).slot).toBe(0);
    });
  });
});
