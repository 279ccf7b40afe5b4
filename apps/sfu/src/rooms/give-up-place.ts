import type { Player } from '../players/player.js';
import type { RoomDirectory } from './room-directory.js';
import type { TellDeps } from './tell-changed.js';
import { tellLeft } from './tell-left.js';

/** Frees a player's place in the rooms of a name on this node, held or kept, from wherever they ask (D19). */
export function giveUpPlace(
  deps: TellDeps & { readonly directory: RoomDirectory },
  { playerId }: Player,
  roomName: string,
): void {
  for (const room of deps.directory.named(roomName)) {
    const place = room.placeOf(playerId);
    if (place === undefined) continue;
    deps.directory.assertChangeable(room);
    room.leave(place.id, deps.directory.mayOwnMore);
    tellLeft(deps, room);
  }
}
