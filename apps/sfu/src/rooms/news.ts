import type { Events } from '@romm-netplay/protocol';
import { TokenBucket } from 'limiter';
import { SocketError } from '../errors.js';
import { broadcast } from './broadcast.js';
import type { Room } from './model/room.js';

/** Events that say how things stand, so that a later one takes the place of those before it. */
const STATES = {
  'users-updated': (room) => ({ room_name: room.name, users: room.users() }),
  'room-updated': (room) => room.info(),
  'lobby-state': (room) => ({ phase: room.game.phase, ready: [...room.game.ready] }),
} as const satisfies { readonly [T in keyof Events]?: (room: Room) => Events[T] };
export type State = keyof typeof STATES;

/**
 * A room sends so many at once, and then so many a second: what one member changes reaches all of them, and one
 * that changes something fifty times a second would fill the lines of forty-seven others.
 */
const BURST = 10;
const PER_SECOND = 5;
const BUDGET = { bucketSize: BURST, tokensPerInterval: PER_SECOND, interval: 'second' } as const;

interface Pace {
  readonly budget: TokenBucket;
  readonly announcements: TokenBucket;
  readonly waiting: Set<State>;
  timer: NodeJS.Timeout | undefined;
}
const paces = new WeakMap<Room, Pace>();

/** Tells every member how things stand: at once, or with what changes meanwhile where that is too often. */
export function tellState(room: Room, state: State): void {
  const pace = paceOf(room);
  pace.waiting.add(state);
  if (pace.timer === undefined) sendWaiting(room, pace);
}

/** Tells what waits now, before an event that follows from it. */
export function tellWaiting(room: Room): void {
  const pace = paceOf(room);
  for (const state of pace.waiting) {
    pace.budget.tryRemoveTokens(1);
    send(room, pace, state);
  }
}

/** For what an owner tells everybody, beside how things stand. @throws SocketError busy */
export function assertMayAnnounce(room: Room): void {
  if (!paceOf(room).announcements.tryRemoveTokens(1)) throw new SocketError('busy');
}

function sendWaiting(room: Room, pace: Pace): void {
  pace.timer = undefined;
  for (const state of pace.waiting) {
    if (pace.budget.tryRemoveTokens(1)) send(room, pace, state);
  }
  if (pace.waiting.size === 0) return;
  pace.timer = setTimeout(() => sendWaiting(room, pace), 1000 / PER_SECOND).unref();
}

function send(room: Room, { waiting }: Pace, state: State): void {
  waiting.delete(state);
  broadcast(room, state, STATES[state](room));
}

function paceOf(room: Room): Pace {
  const known = paces.get(room);
  if (known !== undefined) return known;
  const made: Pace = {
    budget: fullBucket(),
    announcements: fullBucket(),
    waiting: new Set(),
    timer: undefined,
  };
  paces.set(room, made);
  return made;
}

function fullBucket(): TokenBucket {
  const bucket = new TokenBucket(BUDGET);
  bucket.content = BURST;
  return bucket;
}
