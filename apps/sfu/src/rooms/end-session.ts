import type { OpenSockets } from '../players/open-sockets.js';
import type { TellDeps } from './tell-changed.js';
import { tellLeft } from './tell-left.js';

export interface EndSessionDeps extends TellDeps {
  readonly sockets: Pick<OpenSockets, 'endSession'>;
}

/** A signed-in session has ended (P3.7): its sockets are closed and no place is kept for it. */
export function endSession(deps: EndSessionDeps, sessionRef: string): void {
  deps.sockets.endSession(sessionRef);
  for (const room of deps.directory.rooms()) {
    if (room.endSession(sessionRef, deps.directory.mayOwnMore)) tellLeft(deps, room);
  }
}
