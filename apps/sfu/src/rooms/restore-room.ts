import type { Sojourn } from '../guests/must-go.js';
import { Room } from './model/room.js';
import type { RoomState } from './model/room-state.js';

export interface RestoreRoomDeps {
  /** How long a place is kept; 0: not at all. */
  readonly graceMs: number;
  /** Whether a signed-in session has ended. */
  readonly isRevoked: (sessionRef: string) => boolean;
  /** Whether a guest may not stay in a room any more. */
  readonly mustGo: (sojourn: Sojourn) => boolean;
  /** Milliseconds since the epoch, but never back: the clock that places are kept by. */
  readonly steadyNow: () => number;
}

/** Members of a room that moved need this long to follow, also where no places are kept. */
const LEAST_GRACE_MS = 10_000;

/**
 * A room as another node left it, every place kept from now on; undefined when nobody is left who may come
 * back, or the state is none.
 */
export function restoreRoom(
  { graceMs, isRevoked, mustGo, steadyNow }: RestoreRoomDeps,
  state: string,
): Room | undefined {
  let room: Room;
  try {
    room = Room.fromState(JSON.parse(state) as RoomState, steadyNow() + Math.max(graceMs, LEAST_GRACE_MS));
  } catch {
    return undefined;
  }
  // What ended while the room was on its way: nobody else has told it.
  const sessions = new Set([...room.members].map(({ sessionRef }) => sessionRef));
  for (const sessionRef of sessions) {
    if (sessionRef !== undefined && isRevoked(sessionRef)) room.endSession(sessionRef);
  }
  const gone = [...room.members].filter(({ id, player }) => mustGo({ player, ownsRoom: room.isOwner(id) }));
  for (const { id } of gone) room.leave(id);
  return room.hasPlayers ? room : undefined;
}
