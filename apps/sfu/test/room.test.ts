import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Outbox } from '../src/ports.js';
import { Room } from '../src/rooms/room.js';
import { playerOf } from '../src/signaling/player.js';

const outbox: Outbox = { sendText: () => undefined, sendBinary: () => undefined, close: () => undefined };

const playerNamed = (sub: string, iss = 'https://a.example') =>
  playerOf({ iss, sub, aud: 'https://a.example', iat: 0, exp: 1, type: 'sfu:read' });

const roomFor = (maxPlayers: number) =>
  new Room({ name: 'r', maxPlayers, passwordHash: undefined, visibility: 'local', extra: {} });

const seat = (clientId: string, spectator = false, player = playerNamed(clientId)) => ({
  clientId,
  player,
  outbox,
  spectator,
  extra: {},
});

type Step = { do: 'join'; who: number; spectator: boolean } | { do: 'leave'; who: number };
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('join' as const), who: fc.nat(11), spectator: fc.boolean() }),
  fc.record({ do: fc.constant('leave' as const), who: fc.nat(11) }),
);

describe('Room', () => {
  it('keeps its invariants whoever comes and goes (R1, D13, D18)', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.array(step, { maxLength: 60 }), (maxPlayers, steps) => {
        const room = roomFor(maxPlayers);
        const present = new Set<string>();
        for (const { who, ...action } of steps) {
          const clientId = `client-${who}`;
          if (action.do === 'leave') {
            room.leave(clientId);
            present.delete(clientId);
          } else {
            const fits = !present.has(clientId) && (action.spectator || room.playerCount < maxPlayers);
            const join = () => room.join(seat(clientId, action.spectator));
            if (fits) join();
            else expect(join).toThrow();
            if (fits) present.add(clientId);
          }
          const users = room.users();
          const slots = users.flatMap(({ slot }) => (slot === null ? [] : [slot]));
          expect(users.map((user) => user.client_id).sort()).toEqual([...present].sort());
          expect(new Set(slots).size).toBe(slots.length);
          expect(slots.every((slot) => slot >= 0 && slot < maxPlayers)).toBe(true);
          const owners = users.filter((user) => user.is_owner);
          expect(owners).toHaveLength(slots.length > 0 ? 1 : 0);
          expect(owners.every(({ slot }) => slot !== null)).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('passes ownership to the player in the lowest slot, never to a spectator', () => {
    const room = roomFor(3);
    room.join(seat('a'));
    room.join(seat('watcher', true));
    room.join(seat('b'));
    room.join(seat('c'));
    room.leave('a');
    expect(room.isOwner('b')).toBe(true);
    room.leave('b');
    room.leave('c');
    expect(room.hasPlayers).toBe(false);
    expect(room.isOwner('watcher')).toBe(false);
  });

  it('gives a freed slot to the next player', () => {
    const room = roomFor(3);
    for (const id of ['a', 'b', 'c']) room.join(seat(id));
    room.leave('b');
    expect(room.join(seat('d')).slot).toBe(1);
  });

  it('does not count spectators against the slots, and bounds them', () => {
    const room = roomFor(1);
    room.join(seat('a'));
    for (let i = 0; i < 32; i += 1) room.join(seat(`s${i}`, true));
    expect(room.playerCount).toBe(1);
    expect(() => room.join(seat('one-too-many', true))).toThrow(/slot/);
  });

  it('takes a player once, whatever the connection', () => {
    const room = roomFor(4);
    room.join(seat('first', false, playerNamed('ada')));
    expect(() => room.join(seat('second', false, playerNamed('ada')))).toThrow(/already/);
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
