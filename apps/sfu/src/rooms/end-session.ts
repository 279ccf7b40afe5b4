import type { SocketsBySession } from '../signaling/sockets-by-session.js';
import type { RoomDirectory } from './room-directory.js';
import { tellLeft } from './tell-left.js';

export interface EndSessionDeps {
  readonly directory: RoomDirectory;
  readonly sockets: SocketsBySession;
}

/** A signed-in session has ended (P3.7): its sockets are closed and no place is kept for it. */
export function endSession({ directory, sockets }: EndSessionDeps, sessionId: string): void {
  sockets.end(sessionId);
  for (const room of directory.rooms()) {
    if (room.endSession(sessionId)) tellLeft(directory, room);
  }
}
