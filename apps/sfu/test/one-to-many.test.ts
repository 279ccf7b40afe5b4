/** What one member causes to all others of a room is bounded (R3). */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CHANNELS, encodeFrame } from '@romm-netplay/protocol/wire';
import { eventually } from '@romm-netplay/testing';
import type { Caller } from '../src/rooms/caller.js';
import { relayFrame } from '../src/rooms/relay-frame.js';
import { sendData } from '../src/rooms/send-message.js';
import { createPlayerBudgets } from '../src/signaling/player-budgets.js';
import { codeOf, rawSocket, startNode, type TestNode } from './support/node.js';

const MEGABYTE = 1024 * 1024;

let node: TestNode;
beforeEach(async () => {
  node = await startNode({ maxSocketsPerAddress: 1_000 });
});
afterEach(() => node.close());

/** A room of two: one who acts, and one who sees what arrives. */
async function two(extra?: object, game?: object) {
  const ada = await node.connect('Ada', { sub: 'ada' });
  await ada.open('den', { max_players: 4, extra });
  const { call, messages } = await rawSocket(node.sfu, {
    headers: { authorization: `Bearer ${await node.readToken({ sub: 'bob' })}` },
  });
  const token = await node.writeToken({ sub: 'bob' });
  expect(await call('join-room', { room_name: 'den', token, extra: game })).toMatchObject({ ok: true });
  const seen = (type: string) => messages.filter((message) => message['type'] === type);
  return { ada, call, seen };
}

describe('how things stand in a room', () => {
  it('is told once for many changes at a time, and the last word is the last change', async () => {
    const { ada, seen } = await two();
    const before = seen('users-updated').length;
    for (let step = 1; step <= 50; step += 1) {
      await ada.socket.request('update-player-metadata', { metadata: { rom_name: `step ${step}` } });
    }
    await eventually(() => JSON.stringify(seen('users-updated').at(-1)).includes('step 50'));
    const told = seen('users-updated').length - before;
    expect(told).toBeGreaterThan(1);
    // Ten at once, and five a second for as long as fifty requests take.
    expect(told).toBeLessThan(40);
    // Nothing more is to come.
    await sleep(500);
    expect(seen('users-updated').length - before).toBe(told);
  });

  it('is told before the game that follows from it starts', async () => {
    const game = { rom_hash: 'aa', core_type: 'snes9x' };
    const { ada, call, seen } = await two({ netplay_mode: 'delay_sync', ...game }, game);
    for (let step = 0; step < 12; step += 1) {
      await call(step % 2 === 0 ? 'player-ready' : 'player-unready', {});
    }
    await ada.socket.request('player-ready', {});
    await call('player-ready', {});
    await ada.socket.request('start-game', {});
    await ada.socket.request('ready-at-frame-1', { frame: 1 });
    await call('ready-at-frame-1', { frame: 1 });
    await eventually(() => seen('start-game').length > 0);
    expect(seen('lobby-state').at(-1)).toMatchObject({ data: { phase: 'running' } });
  });
});

describe('what a member says', () => {
  it('is refused as busy beyond twenty lines at once, and goes on afterwards', async () => {
    const { call, seen } = await two();
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, index) => call('chat-message', { message: `line ${index}` })),
    );
    const refused = answers.filter((answer) => answer['ok'] !== true);
    expect(refused.length).toBeGreaterThan(5);
    for (const answer of refused) expect(answer).toMatchObject({ error: { code: 'busy', retryable: true } });
    expect(seen('chat-message').length).toBe(30 - refused.length);
    await sleep(1_000);
    expect(await call('chat-message', { message: 'later' })).toMatchObject({ ok: true });
  });

  it('is refused as busy also on a new connection that takes the place', async () => {
    const ada = await node.connect('Ada', { sub: 'ada' });
    const { resume_token: first } = await ada.open('den', {});
    let ticket = first;
    let said = 0;
    for (let connection = 0; connection < 5; connection += 1) {
      const next = await node.connect('Ada', { sub: 'ada' });
      ticket = (await next.resume('den', ticket)).resume_token;
      for (let line = 0; line < 20; line += 1) {
        const code = await codeOf(next.socket.request('chat-message', { message: 'hi' }));
        if (code === 'accepted') said += 1;
      }
    }
    expect(said).toBeGreaterThanOrEqual(20);
    expect(said).toBeLessThan(60);
  });
});

describe('what an owner tells everybody', () => {
  it('is refused as busy when it is told without end', async () => {
    const { ada, seen } = await two();
    const codes: string[] = [];
    for (let turn = 0; turn < 30; turn += 1) {
      const type = turn % 2 === 0 ? 'netplay-host-paused' : 'netplay-host-resumed';
      codes.push(await codeOf(ada.socket.request(type, {})));
    }
    expect(codes.filter((code) => code === 'busy').length).toBeGreaterThan(5);
    expect(codes.slice(0, 10)).toEqual(Array(10).fill('accepted'));
    expect(seen('netplay-host-paused').length).toBeLessThan(15);
  });
});

describe('what a game sends', () => {
  it('is bounded by how many it is sent to', () => {
    const taken = (may: (bytes: number) => boolean, receivers: number) =>
      Array.from({ length: 20 }, () => may(receivers * MEGABYTE)).filter(Boolean).length;
    const budgets = createPlayerBudgets({ chatPerSecond: 5 });
    expect(taken(budgets.of('ada').maySpread, 1)).toBe(20);
    expect(taken(budgets.of('bob').maySpread, 47)).toBe(1);
    // Whoever connects anew has what is left.
    expect(taken(budgets.of('bob').maySpread, 47)).toBe(0);
  });

  /** One who plays with forty-seven others. */
  function inFullRoom(maySpread: (bytes: number) => boolean) {
    const sent: unknown[] = [];
    const outbox = {
      sendEvent: (event: unknown) => sent.push(event),
      sendBinary: (b: unknown) => sent.push(b),
    };
    const members = Array.from({ length: 48 }, (_, slot) => ({
      clientId: `c${slot}`,
      id: `p${slot}`,
      slot,
      outbox,
    }));
    const room = { members: Object.assign(members, { size: 48 }), heldBy: () => members[0] };
    return { sent, caller: { ...members[0], maySpread, room } as unknown as Caller };
  }

  it.each([
    ['a frame', (caller: Caller) => relayFrame(caller, encodeFrame(CHANNELS.input, new Uint8Array(1_000)))],
    ['data', (caller: Caller) => sendData(caller, { data: 'x'.repeat(1_000) })],
  ])('is counted for each of the others, and refused as busy beyond it: %s', (_what, send) => {
    const counted: number[] = [];
    const { caller, sent } = inFullRoom((bytes) => counted.push(bytes) === 1);
    send(caller);
    expect(sent).toHaveLength(47);
    expect(() => send(caller)).toThrow(expect.objectContaining({ code: 'busy' }));
    expect(sent).toHaveLength(47);
    expect(counted[0]).toBeGreaterThanOrEqual(47 * 1_000);
    expect(counted[0]).toBeLessThan(47 * 1_100);
  });
});
