import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { RequestInput, RequestType } from '@romm-netplay/protocol';
import { codeOf, lose, nextEvent, startNode, type TestNode, type TestPlayer } from './support/node.js';

let node: TestNode;
beforeEach(async () => {
  node = await startNode();
});
afterEach(() => node.close());

const ask = <T extends RequestType>({ socket }: TestPlayer, type: T, data: RequestInput<T>) =>
  socket.request(type, data);
const refused = <T extends RequestType>(player: TestPlayer, type: T, data: RequestInput<T>) =>
  codeOf(ask(player, type, data));
const idOf = ({ socket }: TestPlayer) => socket.hello.player_id;
const phaseOf = (player: TestPlayer, phase: string) =>
  nextEvent(player, 'lobby-state', (state) => state.phase === phase);

const extra = { netplay_mode: 'delay_sync', rom_hash: 'aa', core_type: 'snes9x' };
const game = { rom_hash: 'AA', core_type: 'snes9x' };

async function lobby() {
  const [ada, bob, eve] = [await node.connect('Ada'), await node.connect('Bob'), await node.connect('Eve')];
  const opened = await ada.open('den', { extra });
  await bob.join('den', { extra: game });
  await eve.join('den', { spectator: true });
  return { ada, bob, eve, opened };
}

async function preparing() {
  const table = await lobby();
  for (const player of [table.ada, table.bob]) await ask(player, 'player-ready', {});
  const launch = await ask(table.ada, 'start-game', { delay: 4 });
  return { ...table, launch };
}

async function running() {
  const table = await preparing();
  for (const player of [table.ada, table.bob]) await ask(player, 'ready-at-frame-1', { frame: 1 });
  return table;
}

describe('from the lobby to the game (R1)', () => {
  it('begins in the lobby in delay_sync rooms only', async () => {
    const { opened } = await lobby();
    expect(opened.room).toMatchObject({ phase: 'lobby', launch: null, users: [{ ready: false }] });
    const { room } = await (
      await node.connect('Zoe')
    ).open('stream', { extra: { netplay_mode: 'live_stream' } });
    expect(room.phase).toBe('running');
  });

  it('starts when everybody is ready, and runs when everybody is at the first frame', async () => {
    const { ada, bob, eve } = await lobby();
    const shown = nextEvent(eve, 'lobby-state');
    await ask(ada, 'player-ready', {});
    expect(await shown).toEqual({ phase: 'lobby', ready: [idOf(ada)] });
    await ask(bob, 'player-ready', {});
    await ask(bob, 'player-unready', {});
    expect(await refused(ada, 'start-game', {})).toBe('not_all_ready');
    await ask(bob, 'player-ready', {});

    const launched = [ada, bob, eve].map((player) => nextEvent(player, 'game-launch'));
    const launch = await ask(ada, 'start-game', { delay: 4 });
    expect(launch).toEqual({ seed: expect.any(Number), delay: 4, start_frame: 1 });
    for (const event of await Promise.all(launched)) expect(event).toEqual(launch);

    const started = [ada, bob, eve].map((player) => nextEvent(player, 'start-game'));
    const progress = nextEvent(eve, 'lobby-state');
    await ask(ada, 'ready-at-frame-1', { frame: 1 });
    expect(await progress).toEqual({ phase: 'preparing', ready: [idOf(ada)] });
    await ask(bob, 'ready-at-frame-1', { frame: 3 });
    const before = Date.now();
    for (const event of await Promise.all(started)) {
      expect(event).toEqual({ frame: 3, start_time: expect.any(Number) });
      expect(event.start_time).toBeGreaterThan(before);
    }
    const { room } = await (await node.connect('Zoe')).join('den', { extra: game });
    expect(room).toMatchObject({ phase: 'running', launch });
    expect((await ask(bob, 'list-rooms', {})).rooms).toMatchObject([{ phase: 'running' }]);
  });

  it('gives every game another seed', async () => {
    const { ada, bob, launch } = await running();
    await ask(ada, 'return-to-lobby', {});
    for (const player of [ada, bob]) await ask(player, 'player-ready', {});
    expect((await ask(ada, 'start-game', {})).seed).not.toBe(launch.seed);
  });

  it('pauses, goes on, and returns to the lobby, where nobody is ready', async () => {
    const { ada, bob, eve } = await running();
    const [paused, phase] = [nextEvent(bob, 'netplay-host-paused'), phaseOf(eve, 'paused')];
    await ask(ada, 'netplay-host-paused', { text: 'Doorbell' });
    expect(await paused).toEqual({ text: 'Doorbell' });
    await phase;
    const resumed = nextEvent(eve, 'netplay-host-resumed');
    await ask(ada, 'netplay-host-resumed', {});
    expect(await resumed).toEqual({});
    const back = phaseOf(bob, 'lobby');
    await ask(ada, 'return-to-lobby', {});
    expect(await back).toEqual({ phase: 'lobby', ready: [] });
  });

  it('lets a new owner unpause what the old one paused', async () => {
    const { ada, bob } = await running();
    await ask(ada, 'netplay-host-paused', {});
    await ask(ada, 'leave-room', {});
    await ask(bob, 'netplay-host-resumed', {});
  });
});

describe('what the phase does not allow', () => {
  const IN_LOBBY: [RequestType, object][] = [
    ['ready-at-frame-1', { frame: 1 }],
    ['netplay-host-paused', {}],
    ['netplay-host-resumed', {}],
    ['return-to-lobby', {}],
  ];
  it.each(IN_LOBBY)('%s in the lobby', async (type, data) => {
    const { ada } = await lobby();
    expect(await refused(ada, type, data as never)).toBe('wrong_phase');
  });

  const IN_GAME: [RequestType, object][] = [
    ['player-ready', {}],
    ['player-unready', {}],
    ['start-game', {}],
    ['ready-at-frame-1', { frame: 1 }],
    ['netplay-host-resumed', {}],
  ];
  it.each(IN_GAME)('%s in a running game', async (type, data) => {
    const { ada } = await running();
    expect(await refused(ada, type, data as never)).toBe('wrong_phase');
  });

  it('a lobby in a room that has none', async () => {
    const ada = await node.connect('Ada');
    await ada.open('stream');
    for (const type of ['player-ready', 'start-game', 'return-to-lobby'] as const) {
      expect(await refused(ada, type, {})).toBe('wrong_phase');
    }
    expect(await refused(ada, 'netplay-host-paused', {})).toBe('accepted');
  });

  it.each<[RequestType, object]>([
    ['player-ready', {}],
    ['player-unready', {}],
    ['ready-at-frame-1', { frame: 1 }],
  ])('%s from a spectator', async (type, data) => {
    const { eve } = await lobby();
    expect(await refused(eve, type, data as never)).toBe('spectator');
  });

  it.each([
    ['start-game', { delay: 61 }],
    ['start-game', { delay: -1 }],
    ['start-game', { delay: 0.5 }],
    ['ready-at-frame-1', { frame: -1 }],
    ['netplay-host-paused', { text: 'x'.repeat(501) }],
    ['update-player-slot', { slot: 16 }],
    ['update-player-slot', {}],
    ['kick-player', {}],
  ] as [RequestType, object][])('%s %j at any time', async (type, data) => {
    const { ada } = await lobby();
    expect(await refused(ada, type, data as never)).toBe('invalid_request');
  });

  it('being ready for, or starting, what does not fit', async () => {
    const { ada, bob } = await lobby();
    await ask(ada, 'player-ready', {});
    await ask(bob, 'player-ready', {});
    await ask(bob, 'update-player-metadata', { metadata: { rom_hash: 'bb' } });
    expect(await refused(ada, 'start-game', {})).toBe('incompatible_game');
    await ask(bob, 'player-unready', {});
    expect(await refused(bob, 'player-ready', {})).toBe('incompatible_game');
  });

  it('being ready for another game than before', async () => {
    const { ada } = await lobby();
    await ask(ada, 'player-ready', {});
    const told = nextEvent(ada, 'lobby-state');
    await ask(ada, 'update-room-metadata', { metadata: { rom_hash: 'bb' } });
    expect(await told).toEqual({ phase: 'lobby', ready: [] });
  });
});

describe('a start waits for nobody who is gone (R1, R4)', () => {
  const GOING: [string, (table: Awaited<ReturnType<typeof preparing>>) => Promise<unknown>][] = [
    ['leaves', ({ bob }) => ask(bob, 'leave-room', {})],
    ['is kicked', ({ ada, bob }) => ask(ada, 'kick-player', { player_id: idOf(bob) })],
    ['only watches now', ({ bob }) => ask(bob, 'update-player-slot', { slot: null })],
    ['loses the line', ({ ada, bob }) => lose(bob, ada)],
    ['is taken over', async ({ bob }) => (await node.connect('Bob', bob.subject)).join('den')],
  ];
  it.each(GOING)('when the last one %s', async (_how, go) => {
    const table = await preparing();
    await ask(table.ada, 'ready-at-frame-1', { frame: 1 });
    const started = nextEvent(table.ada, 'start-game');
    await go(table);
    expect(await started).toMatchObject({ frame: 1 });
    expect(await refused(table.ada, 'netplay-host-paused', {})).toBe('accepted');
  });

  it('falls back to the lobby when nobody who was waited for is there', async () => {
    const { ada, bob, eve } = await preparing();
    const back = phaseOf(eve, 'lobby');
    await ask(ada, 'leave-room', {});
    await lose(bob, eve);
    expect(await back).toEqual({ phase: 'lobby', ready: [] });
  });

  it('counts nobody who is away, and keeps them ready', async () => {
    const { ada, bob } = await lobby();
    for (const player of [ada, bob]) await ask(player, 'player-ready', {});
    await lose(bob, ada);
    await ask(ada, 'start-game', {});
    const started = nextEvent(ada, 'start-game');
    await ask(ada, 'ready-at-frame-1', { frame: 1 });
    await started;
  });

  it('lets the owner call off what somebody never gets ready for', async () => {
    const { ada, bob } = await preparing();
    await ask(ada, 'return-to-lobby', {});
    expect(await refused(bob, 'ready-at-frame-1', { frame: 1 })).toBe('wrong_phase');
    expect(await refused(bob, 'player-ready', {})).toBe('accepted');
  });
});
