import type { SocketsBySession } from '../signaling/sockets-by-session.js';
import type { TellDeps } from './tell-changed.js';
import { tellLeft } from './tell-left.js';

export interface EndSessionDeps extends TellDeps {
  readonly sockets: SocketsBySession;
}

/** A signed-in session has ended (P3.7): its sockets are closed and no place is kept for it. */
export function endSession(deps: EndSessionDeps, sessionId: string): void {
  deps.sockets.end(sessionId);
  for (const room of deps.directory.rooms()) {
    if (room.endSession(sessionId)) tellLeft(deps, room);
  }
}
