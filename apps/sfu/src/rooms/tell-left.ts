import { broadcast } from './broadcast.js';
import type { Room } from './model/room.js';
import { tellChanged, type TellDeps } from './tell-changed.js';

/** Tells a room that members have left. One without players, kept places included, ends; spectators or not. */
export function tellLeft(deps: TellDeps, room: Room): void {
  if (room.hasPlayers) {
    tellChanged(deps, room);
    return;
  }
  broadcast(room, 'room-closed', { room_name: room.name });
  room.dismiss();
  deps.directory.changed(room);
}
