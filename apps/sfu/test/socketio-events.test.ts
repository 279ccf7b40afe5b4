import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@romm-netplay/testing';
import { connectLegacy, type LegacyPlayer, sfuExtra, stockExtra } from './support/legacy-player.js';
import { nextEvent, startNode, type TestNode } from './support/node.js';

let node: TestNode;
beforeEach(async () => {
  node = await startNode();
});
afterEach(() => node.close());

const connect = (name: string) => connectLegacy(node, name);
const lobby = { netplay_mode: 1, romHash: 'abc', coreId: 'snes9x', coreVersion: '1' };

/** Ada owns the room, Bob has a slot, Cid is elsewhere. */
async function three(extra: object = {}, more: object = {}) {
  const [ada, bob, cid] = [await connect('Ada'), await connect('Bob'), await connect('Cid')];
  await ada.enter('open-room', sfuExtra('den', extra), more);
  await bob.enter('join-room', sfuExtra('den', extra));
  return { ada, bob, cid };
}

describe('events of romm-sfu-server, answered (P1.12, R1)', () => {
  it.each<[string, unknown, unknown[]]>([
    ['sfu-available', {}, [{ available: false }]],
    [
      'request-room-state',
      { roomName: 'den' },
      [null, { room_phase: 'lobby', lobby_state: { phase: 'lobby' } }],
    ],
    ['request-room-list', {}, [null, [{ id: 'den', name: 'den', current: 2, max: 4, rom_hash: 'abc' }]]],
    ['get-open-rooms', {}, [null, [{ id: 'den' }]]],
    ['player-ready', { roomName: 'den' }, [null]],
    ['toggle-ready', { roomName: 'den' }, [null]],
    ['player-unready', {}, [null]],
    ['update-player-slot', { roomName: 'den', playerSlot: 3 }, [null]],
    ['join-info', { roomName: 'den', romHash: 'abc', emulatorId: 'snes9x' }, [null, { compatible: true }]],
    ['join-info', { romHash: 'xyz' }, [null, { compatible: false, status: 'mismatch' }]],
    ['update-room-metadata', { roomName: 'den', metadata: { rom_name: 'Chess' } }, [null]],
    ['update-player-metadata', { metadata: { coreVersion: '2' } }, [null]],
    ['chat-message', { message: 'hi' }, [null, { messageId: expect.any(String) }]],
    ['webrtc-signal', { target: 'host', offer: 1 }, ['not a member']],
    ['data-message', { any: 'thing' }, [null]],
    ['input', { frame: 1 }, [null]],
    ['snapshot', [1, 2], [null]],
    ['leave-room', { roomName: 'den' }, [null]],
    ['leave-room', undefined, [null]],
  ])('%s %j', async (event, payload, answer) => {
    const { ada } = await three(lobby);
    expect(await ada.call(event, ...(payload === undefined ? [] : [payload]))).toMatchObject(answer);
  });

  it.each([
    'sfu-get-router-rtp-capabilities',
    'sfu-create-transport',
    'sfu-connect-transport',
    'sfu-restart-ice',
    'sfu-recreate-transports',
    'sfu-produce',
    'sfu-producedata',
    'sfu-consume',
    'sfu-consumedata',
    'sfu-get-producers',
    'sfu-get-data-producers',
  ])('%s: sfu unavailable', async (event) => {
    const ada = await connect('Ada');
    expect(await ada.call(event, {})).toEqual(['sfu unavailable']);
    expect(await ada.call(event)).toEqual(['sfu unavailable']);
  });
});

describe('events of romm-sfu-server, refused', () => {
  it.each<[who: 'ada' | 'bob' | 'cid', event: string, payload: unknown, word: unknown]>([
    ['cid', 'request-room-state', { roomName: 'den' }, 'not in room'],
    ['cid', 'request-room-state', { roomName: 'nowhere' }, 'no such room'],
    ['cid', 'leave-room', { roomName: 'nowhere' }, 'no such room'],
    ['cid', 'leave-room', { roomName: 'den' }, 'not in room'],
    ['ada', 'leave-room', { roomName: 'other' }, 'no such room'],
    ['cid', 'player-ready', { roomName: 'den' }, 'not in room'],
    ['cid', 'update-room-metadata', { roomName: 'den', metadata: {} }, 'not in room'],
    ['bob', 'update-room-metadata', { roomName: 'den', metadata: {} }, 'not owner'],
    ['cid', 'update-player-metadata', { metadata: {} }, 'not in room'],
    ['cid', 'join-info', { roomName: 'den' }, 'not in room'],
    ['bob', 'update-player-slot', { playerSlot: 0 }, 'slot taken'],
    ['bob', 'update-player-slot', { playerSlot: 7 }, 'invalid slot'],
    ['bob', 'update-player-slot', { playerSlot: '1' }, 'invalid slot'],
    ['bob', 'update-player-slot', {}, 'invalid slot'],
    ['bob', 'launch-game', { roomName: 'den' }, 'not room owner'],
    ['bob', 'start-game', { roomName: 'den' }, 'not host'],
    ['ada', 'start-game', { roomName: 'den' }, 'not all players ready'],
    ['ada', 'ready-at-frame-1', { roomName: 'den', frame: 1 }, 'not in prepare phase'],
    ['bob', 'netplay-host-paused', {}, 'not owner'],
    ['bob', 'netplay-host-resumed', { roomName: 'den' }, 'not owner'],
    ['cid', 'chat-message', { message: 'x' }, 'not in room'],
    ['ada', 'chat-message', { message: 'x'.repeat(501) }, 'invalid'],
    ['ada', 'chat-message', {}, 'invalid'],
    ['cid', 'webrtc-signal', { target: 'host', offer: 1 }, 'not in room'],
    ['bob', 'webrtc-signal', { target: 'stranger', offer: 1 }, 'not a member'],
    ['bob', 'webrtc-signal', {}, 'invalid'],
    ['cid', 'data-message', { x: 1 }, 'not in room'],
    ['cid', 'input', { x: 1 }, 'not in room'],
    ['ada', 'nonsense', {}, 'unknown event'],
    ['ada', '__proto__', {}, 'unknown event'],
    ['ada', 'error', {}, 'unknown event'],
  ])('%s: %s %j is told %j', async (who, event, payload, word) => {
    const players = await three(lobby);
    expect(await players[who].call(event, payload)).toEqual([word]);
  });

  it('player-ready in a room without a lobby: not a delay sync room', async () => {
    const { ada } = await three();
    expect(await ada.call('player-ready', {})).toEqual(['not a delay sync room']);
    expect(await ada.call('launch-game', {})).toEqual(['not a delay sync room']);
  });

  it.each<[string, object, object, unknown]>([
    ['a name that is taken', sfuExtra('den'), {}, 'room exists'],
    ['no name', sfuExtra(' '), {}, 'invalid'],
    ['a password that is too long', sfuExtra('new'), { password: 'x'.repeat(200) }, 'invalid'],
  ])('open-room with %s', async (_what, extra, more, word) => {
    const { cid } = await three();
    expect(await cid.enter('open-room', extra, more)).toEqual([word]);
  });

  it.each<[string, object, object, unknown]>([
    ['a room that is not', sfuExtra('nowhere'), {}, 'no such room'],
    ['the wrong password', sfuExtra('den'), { password: 'wrong' }, 'bad password'],
    ['no password', sfuExtra('den'), {}, 'bad password'],
    ['no place left', sfuExtra('den'), { password: 'secret', max: 2 }, 'room full'],
  ])('join-room with %s', async (_what, extra, { max = 4, ...more }: { max?: number }, word) => {
    const [ada, bob, cid] = [await connect('Ada'), await connect('Bob'), await connect('Cid')];
    await ada.enter('open-room', sfuExtra('den'), { password: 'secret', maxPlayers: max });
    await bob.enter('join-room', sfuExtra('den'), { password: 'secret' });
    expect(await cid.enter('join-room', extra, more)).toEqual([word]);
  });

  it('join-room with another game, as an object that offers to watch (D23)', async () => {
    const { cid } = await three(lobby);
    const other = { ...lobby, romHash: 'xyz' };
    expect(await cid.enter('join-room', sfuExtra('den', other))).toMatchObject([
      { error: 'incompatible_game', canJoinAsSpectator: true },
    ]);
    expect(await cid.enter('join-room', sfuExtra('den', { ...other, player_slot: 8 }))).toMatchObject([
      null,
      {},
    ]);
  });
});

describe('join-room of a delay-sync room, as romm-sfu-server answers it (P1.12, D23)', () => {
  const mode = { netplay_mode: 1 };
  const needs = { rom_hash: 'abc', rom_name: null, core_type: 'snes9x' };

  it.each<[string, room: object, player: object, refusal: object]>([
    [
      'another ROM',
      lobby,
      { ...lobby, romHash: 'xyz' },
      { error: 'incompatible_game', requiredRomHash: 'abc', requiredCoreType: 'snes9x' },
    ],
    [
      'another core and no ROM hash',
      lobby,
      { ...mode, coreId: 'bsnes' },
      { error: 'incompatible_game', requiredRomHash: 'abc', requiredCoreType: 'snes9x' },
    ],
    [
      'nothing told',
      lobby,
      { ...mode, romHash: null, coreId: null },
      {
        error: 'delay_sync_requirements_not_met',
        requiredMetadata: needs,
        compatibilityIssues: [
          expect.stringMatching(/ROM hash.*abc.*none/),
          expect.stringMatching(/core.*snes9x.*none/),
        ],
      },
    ],
    [
      'no core told',
      lobby,
      { ...mode, romHash: 'ABC' },
      {
        error: 'delay_sync_requirements_not_met',
        requiredMetadata: needs,
        compatibilityIssues: [expect.stringMatching(/core/)],
      },
    ],
    [
      'a hash of another algorithm',
      lobby,
      { ...lobby, romHash: 'abcd' },
      { error: 'delay_sync_requirements_not_met', compatibilityIssues: [expect.stringMatching(/abcd/)] },
    ],
    [
      'a room whose host tells nothing',
      mode,
      lobby,
      {
        error: 'delay_sync_requirements_not_met',
        requiredMetadata: { rom_hash: null, rom_name: null, core_type: null },
      },
    ],
  ])('%s', async (_what, room, player, refusal) => {
    const [ada, bob] = [await connect('Ada'), await connect('Bob')];
    await ada.enter('open-room', sfuExtra('den', room));
    const token = await node.writeToken(bob.subject);
    const extra = { ...sfuExtra('den', player), token };
    const [error] = await bob.call('join-room', { extra });
    expect(error).toMatchObject({ message: expect.any(String), canJoinAsSpectator: true, ...refusal });
    // The refusal used up no token, and the offer holds.
    expect(await bob.call('join-room', { extra: { ...extra, is_spectator: true } })).toMatchObject([
      null,
      {},
    ]);
  });

  it('says so where nobody may watch, and refuses who does not believe it', async () => {
    const [ada, bob] = [await connect('Ada'), await connect('Bob')];
    await ada.enter('open-room', sfuExtra('den', { ...lobby, spectator_mode: 0 }));
    for (const romHash of ['xyz', null]) {
      const [error] = await bob.enter('join-room', sfuExtra('den', { ...lobby, romHash }));
      expect(error).toMatchObject({ canJoinAsSpectator: false });
    }
    const watching = sfuExtra('den', { ...lobby, player_slot: 8 });
    expect(await bob.enter('join-room', watching)).toEqual(['spectators not allowed']);
    expect(await bob.enter('join-room', sfuExtra('den', lobby))).toMatchObject([null, {}]);
    expect(await bob.call('update-player-slot', { playerSlot: 8 })).toEqual(['spectators not allowed']);
  });

  it('asks nothing of who comes back, nor where the mode is another', async () => {
    const { ada, bob } = await three(lobby);
    bob.socket.io.engine.close();
    await ada.heard('users-updated', (users: Record<string, { reconnecting: boolean }>) =>
      Object.values(users).some((user) => user.reconnecting),
    );
    const again = await connectLegacy(node, 'Bob', { subject: bob.subject });
    expect(await again.enter('join-room', sfuExtra('den', mode))).toMatchObject([null, {}]);
    const [cid, dan] = [await connect('Cid'), await connect('Dan')];
    await cid.enter('open-room', sfuExtra('loft', { romHash: 'abc', coreId: 'snes9x' }));
    expect(await dan.enter('join-room', sfuExtra('loft'))).toMatchObject([null, {}]);
  });
});

describe('what a client of romm-sfu-server wishes for (R1)', () => {
  it.each<[wished: unknown, given: number]>([
    [3, 3],
    [0, 1],
    [7, 1],
    [-1, 1],
    [null, 1],
  ])('player_slot %j: %d', async (wished, given) => {
    const [ada, bob] = [await connect('Ada'), await connect('Bob')];
    await ada.enter('open-room', sfuExtra('den'));
    const [, state] = await bob.enter('join-room', sfuExtra('den', { player_slot: wished }));
    const users = Object.values((state as { users: Record<string, object> }).users);
    expect(users).toMatchObject([{ player_slot: 0 }, { player_slot: given }]);
  });

  it.each<[said: object, mayWatch: boolean]>([
    [{}, true],
    [{ spectator_mode: 1 }, true],
    [{ spectator_mode: 0 }, false],
    [{ allow_spectators: false }, false],
    [{ allow_spectators: null, spectator_mode: null }, true],
  ])('open-room with %j', async (said, mayWatch) => {
    const [ada, bob] = [await connect('Ada'), await connect('Bob')];
    await ada.enter('open-room', sfuExtra('den', said));
    const [error] = await bob.enter('join-room', sfuExtra('den', { is_spectator: true }));
    expect(error).toBe(mayWatch ? null : 'spectators not allowed');
  });

  it('hears of another game by the members today’s clients read', async () => {
    const { ada, bob } = await three(lobby);
    await bob.call('join-info', { romHash: 'xyz' });
    const told = await ada.heard('player-validation-updated');
    expect(told).toEqual([
      {
        playerId: expect.any(String),
        userid: expect.any(String),
        ...{ validation: 'mismatch', validationStatus: 'mismatch', validationReason: expect.any(String) },
      },
    ]);
    ada.clear();
    await bob.call('join-info', { romHash: 'abc' });
    expect(await ada.heard('player-validation-updated')).toMatchObject([
      { validationStatus: 'ok', validationReason: null },
    ]);
  });
});

describe('a delay-sync game from lobby to pause', () => {
  it('tells every step to clients of both protocols', async () => {
    const { ada, bob } = await three(lobby);
    const cid = await node.connect('Cid');
    await cid.join('den', { spectator: true });
    const [, state] = await bob.call('request-room-state', { roomName: 'den' });
    const ids = Object.keys((state as { users: object }).users);
    await ada.call('player-ready', { roomName: 'den' });
    await bob.heard(
      'lobby-state',
      ({ player_ready: ready }: { player_ready: Record<string, boolean> }) => ready[ids[0]!] === true,
    );
    await bob.call('toggle-ready', { roomName: 'den' });
    await ada.heard(
      'player-ready-updated',
      ({ userid, ready }: { userid: string; ready: boolean }) => userid === ids[1] && ready,
    );
    const launched = nextEvent(cid, 'game-launch');
    expect(await ada.call('start-game', { roomName: 'den' })).toEqual([null]);
    const [launch] = await bob.heard('game-launch');
    expect(launch).toEqual(await launched);
    expect(await bob.heard('prepare-start')).toMatchObject([
      { startFrame: (launch as { start_frame: number }).start_frame },
    ]);
    await ada.call('ready-at-frame-1', { roomName: 'den', frame: 1 });
    await bob.call('ready-at-frame-1', { roomName: 'den', frame: 1 });
    expect(await bob.heard('start-game')).toMatchObject([
      { frame: expect.any(Number), start_time: expect.any(Number) },
    ]);
    expect(await ada.call('netplay-host-paused', { roomName: 'den' })).toEqual([null]);
    expect(await bob.heard('netplay-host-paused')).toMatchObject([{ text: expect.any(String) }]);
    expect(await ada.call('netplay-host-resumed', {})).toEqual([null]);
    await bob.heard('netplay-host-resumed');
    await bob.call('update-player-slot', { playerSlot: 2 });
    await ada.heard(
      'player-slot-updated',
      ({ userid, playerSlot }: { userid: string; playerSlot: number }) =>
        userid === ids[1] && playerSlot === 2,
    );
    await bob.call('leave-room', { roomName: 'den' });
    expect(await ada.heard('room-player-left')).toEqual([{ userid: ids[1] }]);
  });

  it('puts out whoever the owner kicks, in each dialect', async () => {
    const owner = await node.connect('Owner');
    await owner.open('den');
    const [ada, bob] = [await connect('Ada'), await connect('Bob')];
    await ada.enter('join-room', sfuExtra('den'));
    await bob.enter('join-room', stockExtra('den', 'den'));
    const { room } = await (await node.connect('Dee')).join('den');
    for (const { player_id, name } of room.users) {
      if (['Ada', 'Bob'].includes(name)) await owner.socket.request('kick-player', { player_id, ban: true });
    }
    expect(await ada.heard('kicked')).toMatchObject([{ roomName: 'den', banned: true }]);
    await eventually(() => !bob.socket.connected);
    expect(await ada.enter('join-room', sfuExtra('den'))).toEqual(['banned']);
  });
});

describe('events of stock EmulatorJS', () => {
  const SESSION = 'c0ffee00-0000-4000-8000-000000000000';
  const stock = (roomName = 'den', sessionid = SESSION) => stockExtra(roomName, sessionid);

  async function two(): Promise<{ ada: LegacyPlayer; bob: LegacyPlayer }> {
    const [ada, bob] = [await connect('Ada'), await connect('Bob')];
    await ada.enter('open-room', stock(), { maxPlayers: 2 });
    return { ada, bob };
  }

  it.each<[string, object, object, unknown]>([
    ['a session id that is taken', stock('other'), {}, 'Room already exists'],
    ['a name that is taken, which is but a label', stock('den', 'other'), {}, null],
    ['a name with nothing to see', stockExtra(' \n\u200b', 'x'), {}, null],
  ])('open-room with %s', async (_what, extra, more, word) => {
    const { bob } = await two();
    expect(await bob.enter('open-room', extra, more)).toEqual([word]);
  });

  it('join-room: found by session id, full, unknown, wrong password', async () => {
    const { ada, bob } = await two();
    expect(await bob.enter('join-room', stock('whatever'))).toMatchObject([null, {}]);
    const cid = await connect('Cid');
    expect(await cid.enter('join-room', stock())).toEqual(['Room is full']);
    expect(await cid.enter('join-room', stock('den', 'unknown'))).toEqual(['Room not found']);
    await ada.call('leave-room');
    expect(await ada.enter('open-room', stock('locked', 'l'), { password: 'secret' })).toEqual([null]);
    expect(await cid.enter('join-room', stock('locked', 'l'), { password: 'no' })).toEqual([
      'Incorrect password',
    ]);
    const invited = { ...stock('locked', 'l'), room_password: 'secret' };
    expect(await cid.enter('join-room', invited)).toMatchObject([null, {}]);
    expect(await cid.call('leave-room')).toEqual([null]);
    expect(await cid.call('data-message', { x: 1 })).toEqual(['Not in a room']);
  });

  it('shows nobody who is away: the game would wait for them', async () => {
    const { ada, bob } = await two();
    await bob.enter('join-room', stock());
    ada.clear();
    bob.socket.io.engine.close();
    const [players] = await ada.heard('users-updated');
    expect(Object.values(players as object)).toMatchObject([{ player_name: 'Ada' }]);
  });
});
