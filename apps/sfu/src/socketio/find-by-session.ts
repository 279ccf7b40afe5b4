import { findsRecord, findsRoom } from '../guests/find-allowed.js';
import type { FindRoomDeps } from '../rooms/find-room.js';
import type { Player } from '../players/player.js';

/**
 * The name of the room that a stock client opened under a session id, here or on another node. Session ids are
 * made up by clients: of several rooms with one, it is the oldest of this node, else the first of another.
 * With `player`, of those that they may find.
 */
export async function nameBySession(
  { directory, registry }: Pick<FindRoomDeps, 'directory' | 'registry'>,
  sessionid: string | undefined,
  player?: Player,
): Promise<string | undefined> {
  if (sessionid === undefined) return undefined;
  for (const room of directory.rooms()) {
    const isMeant = room.extra.sessionid === sessionid && (player === undefined || findsRoom(player, room));
    if (isMeant) return room.name;
  }
  const record = await registry.findBySession(sessionid);
  const isHidden = record !== undefined && player !== undefined && !findsRecord(player, record);
  return isHidden ? undefined : record?.room_name;
}
