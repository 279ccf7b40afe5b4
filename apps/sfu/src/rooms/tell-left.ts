import { broadcast, broadcastUsers } from './broadcast.js';
import type { RoomDirectory } from './room-directory.js';
import type { Room } from './room.js';

/** Tells a room that members have left. One without players, kept places included, ends; spectators or not. */
export function tellLeft(directory: RoomDirectory, room: Room): void {
  if (room.hasPlayers) {
    broadcastUsers(room);
  } else {
    broadcast(room, 'room-closed', { room_name: room.name });
    room.dismiss();
  }
  directory.changed(room);
}
