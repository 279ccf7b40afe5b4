import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Outbox } from '../src/ports.js';
import { EventMessage } from '../src/players/event-message.js';
import type { Holder } from '../src/rooms/model/place.js';
import { Room } from '../src/rooms/model/room.js';
import { type Player, playerOf } from '../src/players/player.js';

const silent = (returns = true): Outbox => ({
  returns,
  sendEvent: () => undefined,
  sendBinary: () => undefined,
  close: () => undefined,
});

const playerNamed = (sub: string, iss = 'https://a.example') =>
  playerOf({ iss, sub, aud: 'https://a.example', iat: 0, exp: 1, type: 'sfu:read' }, () => true);

const roomFor = (maxPlayers: number) =>
  new Room({
    id: 'id',
    key: 'name:r',
    name: 'r',
    maxPlayers,
    passwordHash: undefined,
    visibility: 'local',
    extra: {},
  });

const holder = (clientId: string, player = playerNamed(clientId)): Holder => ({
  clientId,
  player,
  outbox: silent(),
  sessionRef: undefined,
});
const claim = (spectator = false) => ({ spectator, extra: {}, ticketHash: Buffer.alloc(32) });
const idOf = (sub: string) => playerNamed(sub).playerId;

const GRACE_MS = 10;
const PLAYERS = 8;
const SESSIONS = 3;

type Step =
  | { do: 'join'; who: number; spectator: boolean }
  | { do: 'leave' | 'disconnect' | 'takeBack'; who: number }
  | { do: 'wait'; ms: number }
  | { do: 'endSession'; session: number };
const who = fc.nat(PLAYERS - 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('join' as const), who, spectator: fc.boolean() }) },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constantFrom('leave', 'disconnect', 'disconnect', 'takeBack'), who }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat(GRACE_MS) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('endSession' as const), session: fc.nat(SESSIONS - 1) }),
  },
);

interface Place {
  readonly slot: number | null;
  clientId: string;
  /** Undefined while connected. */
  keptUntilMs: number | undefined;
}

/** The same rules again, as simply as they can be said; the room must agree after every step. */
class Model {
  readonly places = new Map<number, Place>();
  readonly room: Room;
  nowMs = 0;
  #connections = 0;

  constructor(room: Room) {
    this.room = room;
  }

  apply(action: Step): void {
    const { room, places } = this;
    if (action.do === 'wait') {
      this.nowMs += action.ms;
      const gone = this.#drop(({ keptUntilMs }) => keptUntilMs !== undefined && keptUntilMs <= this.nowMs);
      expect(room.expire(this.nowMs)).toBe(gone);
    } else if (action.do === 'endSession') {
      const gone = this.#drop((_place, index) => index % SESSIONS === action.session);
      expect(room.endSession(`session-${action.session}`)).toBe(gone);
    } else if (action.do === 'join') this.#join(action);
    else this.#move(action.do, action.who, places.get(action.who));
  }

  #join({ who: index, spectator }: Extract<Step, { do: 'join' }>): void {
    const { room, places } = this;
    const taken = new Set([...places.values()].flatMap(({ slot }) => (slot === null ? [] : [slot])));
    const fits = !places.has(index) && (spectator || taken.size < room.maxPlayers);
    const by = this.#connect(index);
    if (!fits) {
      expect(() => room.join(by, claim(spectator))).toThrow();
      return;
    }
    const free = Array.from({ length: room.maxPlayers }, (_, slot) => slot).find((slot) => !taken.has(slot));
    const slot = spectator ? null : free!;
    expect(room.join(by, claim(spectator)).slot).toBe(slot);
    places.set(index, { slot, clientId: by.clientId, keptUntilMs: undefined });
  }

  #move(action: 'leave' | 'disconnect' | 'takeBack', index: number, place: Place | undefined): void {
    const { room } = this;
    const { player } = this.#connect(index);
    if (action === 'leave') {
      this.places.delete(index);
      room.leave(player.playerId);
    } else if (place === undefined) {
      expect(room.placeOf(player.playerId)).toBeUndefined();
    } else if (action === 'disconnect') {
      const wasConnected = place.keptUntilMs === undefined;
      const keptUntilMs = this.nowMs + GRACE_MS;
      expect(room.disconnect({ clientId: 'another socket', player }, keptUntilMs)).toBe(false);
      expect(room.disconnect({ clientId: place.clientId, player }, keptUntilMs)).toBe(wasConnected);
      if (wasConnected) place.keptUntilMs = keptUntilMs;
    } else {
      const by = this.#connect(index);
      room.takeBack(by, claim());
      Object.assign(place, { clientId: by.clientId, keptUntilMs: undefined });
    }
  }

  #connect(index: number): Holder {
    const clientId = `connection-${(this.#connections += 1)}`;
    return { ...holder(clientId, playerNamed(`p${index}`)), sessionRef: `session-${index % SESSIONS}` };
  }

  #drop(fits: (place: Place, index: number) => boolean): boolean {
    const gone = [...this.places].filter(([index, place]) => fits(place, index));
    for (const [index] of gone) this.places.delete(index);
    return gone.length > 0;
  }
}

describe('Room', () => {
  it('keeps its invariants whoever comes, goes, is lost and comes back (R1, R4, D13, D18, D24)', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.array(step, { maxLength: 80 }), (maxPlayers, steps) => {
        const room = roomFor(maxPlayers);
        const model = new Model(room);
        let owner: string | undefined;
        for (const action of steps) {
          model.apply(action);
          const users = room.users();
          // Nobody twice, nobody lost, and every kept slot still its member's.
          const expected = [...model.places].map(([index, { slot, clientId, keptUntilMs }]) => ({
            player_id: idOf(`p${index}`),
            client_id: clientId,
            slot,
            connected: keptUntilMs === undefined,
          }));
          expect(users).toMatchObject(expected);
          expect(users).toHaveLength(expected.length);
          const players = users.filter(({ slot }) => slot !== null);
          expect(new Set(players.map(({ slot }) => slot)).size).toBe(players.length);
          expect(room.playerCount).toBe(players.length);
          expect(players.length).toBeLessThanOrEqual(maxPlayers);
          owner = nextOwner(owner, players);
          expect(users.filter((user) => user.is_owner).map((user) => user.player_id)).toEqual(
            owner === undefined ? [] : [owner],
          );
        }
      }),
      { numRuns: 500 },
    );
  });

  /** Whoever owned it still does while they are there; after them a connected player, then the lowest slot. */
  function nextOwner(
    owner: string | undefined,
    players: readonly { player_id: string; slot: number | null; connected: boolean }[],
  ): string | undefined {
    if (players.some(({ player_id: id }) => id === owner)) return owner;
    const bySlot = [...players].sort((a, b) => a.slot! - b.slot!);
    return (bySlot.find(({ connected }) => connected) ?? bySlot[0])?.player_id;
  }

  it('passes ownership to the player in the lowest slot, never to a spectator', () => {
    const room = roomFor(3);
    room.join(holder('a'), claim());
    room.join(holder('watcher'), claim(true));
    room.join(holder('b'), claim());
    room.join(holder('c'), claim());
    room.leave(idOf('a'));
    expect(room.isOwner(idOf('b'))).toBe(true);
    room.leave(idOf('b'));
    room.leave(idOf('c'));
    expect(room.hasPlayers).toBe(false);
    expect(room.isOwner(idOf('watcher'))).toBe(false);
  });

  it('keeps an absent owner’s rights until the grace time is over, then prefers who is there (R4)', () => {
    const room = roomFor(3);
    for (const id of ['a', 'b', 'c']) room.join(holder(id), claim());
    room.disconnect(holder('a'), 100);
    room.disconnect(holder('b'), 200);
    expect(room.expire(99)).toBe(false);
    expect(room.isOwner(idOf('a'))).toBe(true);
    expect(room.expire(100)).toBe(true);
    expect(room.isOwner(idOf('c'))).toBe(true);
  });

  it('closes only when the last kept place has expired (R4)', () => {
    const room = roomFor(2);
    room.join(holder('a'), claim());
    room.join(holder('watcher'), claim(true));
    room.disconnect(holder('a'), 100);
    expect(room.hasPlayers).toBe(true);
    room.expire(100);
    expect(room.hasPlayers).toBe(false);
  });

  it('drops what is sent to a lost connection, and answers who is put out of a place', () => {
    const room = roomFor(2);
    const told: string[] = [];
    const telling = {
      ...silent(),
      sendEvent: () => told.push('text'),
      close: (name: string) => told.push(name),
    };
    room.join({ ...holder('a'), outbox: telling }, claim());
    room.takeBack(holder('a2', playerNamed('a')), claim()).previous.close('takenOver');
    expect(told).toEqual(['takenOver']);
    room.disconnect(holder('a2', playerNamed('a')), 100);
    for (const { outbox } of room.members)
      outbox.sendEvent(new EventMessage('room-closed', { room_name: 'lost' }));
    room.takeBack(holder('a3', playerNamed('a')), claim()).previous.close('takenOver');
    expect(told).toEqual(['takenOver']);
  });

  it('knows a member by the connection that holds the place, and no other (S2, S5)', () => {
    const room = roomFor(2);
    const [old, fresh] = [holder('old', playerNamed('a')), holder('fresh', playerNamed('a'))];
    room.join(old, claim());
    room.takeBack(fresh, claim());
    expect(room.heldBy(old)).toBeUndefined();
    expect(room.heldBy(fresh)?.slot).toBe(0);
    expect(room.disconnect(old, 100)).toBe(false);
    expect(room.users()).toMatchObject([{ client_id: 'fresh', connected: true }]);
  });

  it('gives a freed slot to the next player', () => {
    const room = roomFor(3);
    for (const id of ['a', 'b', 'c']) room.join(holder(id), claim());
    room.leave(idOf('b'));
    expect(room.join(holder('d'), claim()).slot).toBe(1);
  });

  it('does not count spectators against the slots, and bounds them', () => {
    const room = roomFor(1);
    room.join(holder('a'), claim());
    for (let i = 0; i < 32; i += 1) room.join(holder(`s${i}`), claim(true));
    expect(room.playerCount).toBe(1);
    expect(() => room.join(holder('one-too-many'), claim(true))).toThrow(/watch/);
  });

  it('takes a player once, whatever the connection', () => {
    const room = roomFor(4);
    room.join(holder('first', playerNamed('ada')), claim());
    expect(() => room.join(holder('second', playerNamed('ada')), claim())).toThrow(/already/);
  });

  it('gives nobody the place of an equal sub of another issuer (S6, D5)', () => {
    const room = roomFor(2);
    const [here, there] = [playerNamed('ada', 'https://a.example'), playerNamed('ada', 'https://b.example')];
    room.join(holder('here', here), claim());
    expect(room.placeOf(there.playerId)).toBeUndefined();
    expect(() => room.takeBack(holder('there', there), claim())).toThrow(TypeError);
    expect(room.join(holder('there', there), claim()).slot).toBe(1);
    expect(room.heldBy(holder('here', here))?.slot).toBe(0);
  });
});

describe('identity (S6, D5)', () => {
  it('tells equal names of two issuers apart, whatever characters they contain', () => {
    const ids = [
      playerNamed('ada', 'https://a.example'),
      playerNamed('ada', 'https://b.example'),
      playerNamed('b","ada', 'https://a.example'),
      playerNamed('ada"', 'https://a.example"'),
    ].map(({ playerId }) => playerId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('shows neither issuer nor subject', () => {
    const { playerId } = playerNamed('ada');
    expect(playerId).toMatch(/^[A-Za-z0-9_-]{22}$/);
  });
});

describe('who owns a room after its owner (R1)', () => {
  const GRACE = 1_000;
  const [ada, bob, cid, dan] = ['ada', 'bob', 'cid', 'dan'].map((name) => holder(name)) as [
    Holder,
    Holder,
    Holder,
    Holder,
  ];
  const rich =
    (...names: string[]) =>
    ({ playerId }: Player) =>
      !names.map(idOf).includes(playerId);

  it.each<[what: string, away: Holder[], rich: string[], heir: string]>([
    ['the lowest slot', [], [], 'bob'],
    ['who is connected, before who is away', [bob], [], 'cid'],
    ['who owns few rooms, before who owns many', [], ['bob', 'cid'], 'dan'],
    ['who is connected and owns many, before who is away', [cid, dan], ['bob'], 'bob'],
    ['of those who are away who owns few', [bob, cid, dan], ['bob'], 'cid'],
    ['somebody, when all own many: the room goes on', [], ['bob', 'cid', 'dan'], 'bob'],
  ])('%s', (_what, away, richOnes, heir) => {
    for (const end of ['leave', 'expire', 'moveTo'] as const) {
      const room = roomFor(4);
      for (const player of [ada, bob, cid, dan]) room.join(player, claim());
      for (const player of away) room.disconnect(player, 2 * GRACE);
      const mayOwn = rich(...richOnes);
      if (end === 'leave') room.leave(ada.player.playerId, mayOwn);
      else if (end === 'moveTo') room.moveTo(ada.player.playerId, null, mayOwn);
      else {
        room.disconnect(ada, GRACE);
        room.expire(GRACE, mayOwn);
      }
      expect(room.isOwner(idOf(heir))).toBe(true);
    }
  });
});

describe('a room as another node left it (P2.10)', () => {
  it.each([true, false])('lets others watch as before: %s', (allowSpectators) => {
    const options = { id: 'id', key: 'name:r', name: 'r', maxPlayers: 2, passwordHash: undefined, extra: {} };
    const room = new Room({ ...options, visibility: 'local', allowSpectators });
    room.join(holder('ada'), claim());
    expect(Room.fromState(room.toState(), GRACE_MS).allowSpectators).toBe(allowSpectators);
    // Nodes of an older version say nothing of it.
    const { allowSpectators: _newer, ...older } = room.toState();
    expect(Room.fromState(older, GRACE_MS).allowSpectators).toBe(true);
  });
});
