import type { Caller } from './caller.js';
import { leaveRoom } from './leave-room.js';
import { isLasting } from './model/place.js';
import { tellChanged, type TellDeps } from './tell-changed.js';

export interface KeepPlaceDeps extends TellDeps {
  /** How long a place is kept; 0: not at all. */
  readonly graceMs: number;
  /** Milliseconds since the epoch, but never back: one that was ahead must not keep places for hours. */
  readonly steadyNow: () => number;
}

/**
 * The caller's connection was lost: their place is kept for the grace time, with slot, role and ownership
 * (R4). A connection that the client closed counts as lost too: it may be a page that is being reloaded. A
 * place that nobody can come back for is free at once.
 */
export function keepPlace(deps: KeepPlaceDeps, caller: Caller): void {
  const { room } = caller;
  if (room === undefined) return;
  const place = room.heldBy(caller);
  if (place !== undefined && (deps.graceMs === 0 || !isLasting(place))) {
    leaveRoom(deps, caller);
    return;
  }
  caller.room = undefined;
  if (room.disconnect(caller, deps.steadyNow() + deps.graceMs)) tellChanged(deps, room);
}
