import type { Caller } from './caller.js';
import { leaveRoom } from './leave-room.js';
import { tellChanged, type TellDeps } from './tell-changed.js';

export interface KeepPlaceDeps extends TellDeps {
  /** How long a place is kept; 0: not at all. */
  readonly graceMs: number;
}

/**
 * The caller's connection was lost: their place is kept for the grace time, with slot, role and ownership
 * (R4). A connection that the client closed counts as lost too: it may be a page that is being reloaded. Where
 * the client cannot come back for it, it is free at once.
 */
export function keepPlace(deps: KeepPlaceDeps, caller: Caller): void {
  const { room } = caller;
  if (room === undefined) return;
  if (deps.graceMs === 0 || !caller.outbox.returns) {
    leaveRoom(deps, caller);
    return;
  }
  caller.room = undefined;
  if (room.disconnect(caller, deps.now() + deps.graceMs)) tellChanged(deps, room);
}
