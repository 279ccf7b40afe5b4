import type { Caller } from './caller.js';
import type { RoomDirectory } from './room-directory.js';
import { tellLeft } from './tell-left.js';

/** Takes the caller out of their room, if they are in one; their place is free at once. */
export function leaveRoom({ directory }: { readonly directory: RoomDirectory }, caller: Caller): void {
  const { room } = caller;
  caller.room = undefined;
  if (room?.heldBy(caller) === undefined) return;
  room.leave(caller.player.playerId);
  tellLeft(directory, room);
}
