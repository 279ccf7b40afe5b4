import type { TellDeps } from './tell-changed.js';
import { tellLeft } from './tell-left.js';

export interface ExpirePlacesDeps extends TellDeps {
  /** Milliseconds since the epoch, but never back: the clock that places are kept by. */
  readonly steadyNow: () => number;
}

/** Frees the places whose grace time is over (R4). */
export function expirePlaces(deps: ExpirePlacesDeps): void {
  for (const room of deps.directory.rooms()) {
    if (room.expire(deps.steadyNow(), deps.directory.mayOwnMore)) tellLeft(deps, room);
  }
}
