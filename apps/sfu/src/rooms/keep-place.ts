import { broadcastUsers } from './broadcast.js';
import type { Caller } from './caller.js';
import { leaveRoom } from './leave-room.js';
import type { RoomDirectory } from './room-directory.js';

export interface KeepPlaceDeps {
  readonly directory: RoomDirectory;
  /** How long a place is kept; 0: not at all. */
  readonly graceMs: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/**
 * The caller's connection was lost: their place is kept for the grace time, with slot, role and ownership
 * (R4). A connection that the client closed counts as lost too: it may be a page that is being reloaded.
 */
export function keepPlace(deps: KeepPlaceDeps, caller: Caller): void {
  const { room } = caller;
  if (room === undefined) return;
  if (deps.graceMs === 0) {
    leaveRoom(deps, caller);
    return;
  }
  caller.room = undefined;
  if (room.disconnect(caller, deps.now() + deps.graceMs)) broadcastUsers(room);
}
