import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Compatibility } from '@romm-netplay/protocol';
import { compatibilityWith, type GameFacts } from '../src/rooms/model/compatibility.js';
import { codeOf, startNode, type TestNode } from './support/node.js';

const SHA1 = 'DA39A3EE5E6B4B0D3255BFEF95601890AFD80709';
const OTHER = '0123456789012345678901234567890123456789';
const MD5 = 'd41d8cd98f00b204e9800998ecf8427e';
const delaySync = (needs: GameFacts) => ({ netplay_mode: 'delay_sync', ...needs });

describe('what a player has, against what a room needs (R1, D23)', () => {
  it.each<[Compatibility, string, GameFacts, GameFacts]>([
    ['ready', 'equal', { rom_hash: SHA1, core_type: 'snes9x' }, { rom_hash: SHA1, core_type: 'snes9x' }],
    ['ready', 'equal but for the case', { rom_hash: SHA1 }, { rom_hash: ` ${SHA1.toLowerCase()}` }],
    [
      'ready',
      'cores that differ in case',
      { rom_hash: MD5, core_type: 'SNES9x' },
      { rom_hash: MD5, core_type: 'snes9x' },
    ],
    ['unverified', 'a room that names nothing', {}, { rom_hash: SHA1, core_type: 'snes9x' }],
    ['unverified', 'a player who tells nothing', { rom_hash: SHA1, core_type: 'snes9x' }, {}],
    ['unverified', 'nobody tells', {}, {}],
    ['unverified', 'a core that is not told', { rom_hash: SHA1, core_type: 'snes9x' }, { rom_hash: SHA1 }],
    ['unverified', 'hashes of two algorithms', { rom_hash: SHA1 }, { rom_hash: MD5 }],
    ['mismatch', 'another dump', { rom_hash: SHA1 }, { rom_hash: OTHER }],
    [
      'mismatch',
      'another core',
      { rom_hash: SHA1, core_type: 'snes9x' },
      { rom_hash: SHA1, core_type: 'bsnes' },
    ],
    ['mismatch', 'another core and no hash', { core_type: 'snes9x' }, { core_type: 'bsnes' }],
    ['missing', 'no such game', { rom_hash: SHA1 }, { has_game: false }],
    [
      'missing',
      'no such game, whatever else is said',
      { rom_hash: SHA1 },
      { rom_hash: SHA1, has_game: false },
    ],
  ])('%s: %s', (verdict, _what, needs, has) => {
    expect(compatibilityWith(delaySync(needs), has)).toBe(verdict);
  });

  it.each([undefined, 'live_stream', 'arcade', 0])('asks for nothing in mode %s', (netplay_mode) => {
    expect(compatibilityWith({ netplay_mode, rom_hash: SHA1 }, { rom_hash: OTHER, has_game: false })).toBe(
      'ready',
    );
  });

  it('reads records of older servers', () => {
    expect(compatibilityWith({ netplay_mode: 1, rom_hash: SHA1 }, { rom_hash: OTHER })).toBe('mismatch');
  });
});

describe('at a node (R1)', () => {
  let node: TestNode;
  beforeEach(async () => {
    node = await startNode();
  });
  afterEach(() => node.close());
  const extra = { netplay_mode: 'delay_sync', rom_hash: SHA1, core_type: 'snes9x', rom_name: 'Zelda (U)' };

  it('gives no slot to whom the game would drift apart with, and a seat to watch', async () => {
    const [ada, bob] = [await node.connect('Ada'), await node.connect('Bob')];
    const { room } = await ada.open('den', { extra });
    expect(room.users).toMatchObject([{ compatibility: 'ready', extra: { rom_hash: SHA1 } }]);
    const token = await bob.writeToken();
    const attempt = bob.socket.request('join-room', { room_name: 'den', extra: { rom_hash: OTHER }, token });
    await expect(attempt).rejects.toMatchObject({
      code: 'incompatible_game',
      retryable: false,
      message: expect.stringMatching(/Zelda \(U\).*snes9x.*spectator/),
    });
    // The refusal used up no token.
    const seat = await bob.socket.request('join-room', {
      ...{ room_name: 'den', spectator: true, extra: { rom_hash: OTHER }, token },
    });
    expect(seat.room.users).toMatchObject([
      { compatibility: 'ready' },
      { slot: null, compatibility: 'mismatch' },
    ]);
    const slot = () => codeOf(bob.socket.request('update-player-slot', { slot: 1 }));
    expect(await slot()).toBe('incompatible_game');
    await bob.socket.request('update-player-metadata', { metadata: { rom_hash: SHA1, core_type: 'snes9x' } });
    expect(await slot()).toBe('accepted');
  });

  it('refuses who has no such game, and gives the benefit of the doubt to who cannot tell', async () => {
    const [ada, bob] = [await node.connect('Ada'), await node.connect('Bob')];
    await ada.open('den', { extra });
    expect(await codeOf(bob.join('den', { extra: { has_game: false } }))).toBe('incompatible_game');
    const { room } = await bob.join('den');
    expect(room.users[1]).toMatchObject({ slot: 1, compatibility: 'unverified' });
  });

  it('tells in the list what the caller can play (pain 16)', async () => {
    const [ada, eve, bob] = [await node.connect('Ada'), await node.connect('Eve'), await node.connect('Bob')];
    await ada.open('strict', { extra });
    await eve.open('stream', { extra: { netplay_mode: 'live_stream', rom_hash: OTHER } });
    const list = async (has: object) => {
      const { rooms } = await bob.socket.request('list-rooms', has);
      return Object.fromEntries(rooms.map((room) => [room.room_name, room.compatibility]));
    };
    expect(await list({ rom_hash: SHA1, core_type: 'snes9x' })).toEqual({ strict: 'ready', stream: 'ready' });
    expect(await list({ rom_hash: OTHER })).toEqual({ strict: 'mismatch', stream: 'ready' });
    expect(await list({})).toEqual({ strict: undefined, stream: undefined });
    const { rooms } = await bob.socket.request('list-rooms', {});
    expect(rooms).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          rom_hash: SHA1,
          core_type: 'snes9x',
          netplay_mode: 'delay_sync',
          phase: 'lobby',
        }),
      ]),
    );
  });
});
