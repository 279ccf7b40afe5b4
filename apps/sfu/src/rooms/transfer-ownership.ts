import type { Replies, RequestData } from '@romm-netplay/protocol';
import { type Caller, ownedRoom } from './caller.js';
import { tellChanged, type TellDeps } from './tell-changed.js';

/** Makes another connected player the owner. */
export function transferOwnership(
  deps: TellDeps,
  caller: Caller,
  { player_id: playerId }: RequestData<'transfer-ownership'>,
): Replies['transfer-ownership'] {
  const room = ownedRoom(caller);
  room.transferOwnership(playerId);
  tellChanged(deps, room);
  return {};
}
