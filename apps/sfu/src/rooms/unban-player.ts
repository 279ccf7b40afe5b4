import type { Replies, RequestData } from '@romm-netplay/protocol';
import { type Caller, ownedRoom } from './caller.js';

/** Lets somebody in again; also somebody who never was banned. */
export function unbanPlayer(
  caller: Caller,
  { player_id: playerId }: RequestData<'unban-player'>,
): Replies['unban-player'] {
  const room = ownedRoom(caller);
  room.unban(playerId);
  return { bans: room.bans };
}
