import { broadcast, broadcastUsers } from './broadcast.js';
import type { Caller } from './caller.js';
import type { RoomDirectory } from './room-directory.js';

/** Takes the caller out of their room, if they are in one. A room without players ends, spectators or not. */
export function leaveRoom({ directory }: { readonly directory: RoomDirectory }, caller: Caller): void {
  const { room } = caller;
  caller.room = undefined;
  if (room?.member(caller.clientId) === undefined) return;
  room.leave(caller.clientId);
  if (room.hasPlayers) {
    broadcastUsers(room);
  } else {
    broadcast(room, 'room-closed', { room_name: room.name });
    room.dismiss();
  }
  directory.changed(room);
}
