import type { Player } from '../players/player.js';
import type { RoomDirectory } from './room-directory.js';
import type { TellDeps } from './tell-changed.js';
import { tellLeft } from './tell-left.js';

/** Frees a player's place in a room of this node, held or kept, from wherever they ask (D19). */
export function giveUpPlace(
  deps: TellDeps & { readonly directory: RoomDirectory },
  { playerId }: Player,
  roomName: string,
): void {
  const room = deps.directory.find(roomName);
  if (room?.placeOf(playerId) === undefined) return;
  deps.directory.assertChangeable(room);
  room.leave(playerId, deps.directory.mayOwnMore);
  tellLeft(deps, room);
}
