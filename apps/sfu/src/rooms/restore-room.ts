import { Room } from './room.js';
import type { RoomState } from './room-state.js';

export interface RestoreRoomDeps {
  /** How long a place is kept; 0: not at all. */
  readonly graceMs: number;
  /** Whether a signed-in session has ended. */
  readonly isRevoked: (sessionId: string) => boolean;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Members of a room that moved need this long to follow, also where no places are kept. */
const LEAST_GRACE_MS = 10_000;

/**
 * A room as another node left it, every place kept from now on; undefined when nobody is left who may come
 * back, or the state is none.
 */
export function restoreRoom({ graceMs, isRevoked, now }: RestoreRoomDeps, state: string): Room | undefined {
  let room: Room;
  try {
    room = Room.fromState(JSON.parse(state) as RoomState, now() + Math.max(graceMs, LEAST_GRACE_MS));
  } catch {
    return undefined;
  }
  // Sessions that ended while the room was on its way: nobody else has told it.
  const sessions = new Set([...room.members].map(({ sessionId }) => sessionId));
  for (const sessionId of sessions) {
    if (sessionId !== undefined && isRevoked(sessionId)) room.endSession(sessionId);
  }
  return room.hasPlayers ? room : undefined;
}
