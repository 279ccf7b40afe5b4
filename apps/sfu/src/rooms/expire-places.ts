import type { TellDeps } from './tell-changed.js';
import { tellLeft } from './tell-left.js';

/** Frees the places whose grace time is over (R4). */
export function expirePlaces(deps: TellDeps): void {
  for (const room of deps.directory.rooms()) {
    if (room.expire(deps.now(), deps.directory.mayOwnMore)) tellLeft(deps, room);
  }
}
