import type { RoomDirectory } from '../rooms/room-directory.js';
import type { Room } from '../rooms/room.js';

/** The room of this node that a stock client opened under a session id; the oldest, should there be several. */
export function findBySession(directory: RoomDirectory, sessionid: string | undefined): Room | undefined {
  if (sessionid === undefined) return undefined;
  for (const room of directory.rooms()) {
    if (room.extra.sessionid === sessionid) return room;
  }
  return undefined;
}
