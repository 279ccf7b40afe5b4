import type { Replies, RequestData } from '@romm-netplay/protocol';
import { SocketError } from '../errors.js';
import { type Caller, ownedRoom } from './caller.js';
import { tellChanged, type TellDeps } from './tell-changed.js';

/** Makes another connected player the owner, unless they own as many rooms as may be opened. */
export function transferOwnership(
  deps: TellDeps,
  caller: Caller,
  { player_id: memberId }: RequestData<'transfer-ownership'>,
): Replies['transfer-ownership'] {
  const room = ownedRoom(caller);
  // Asked of members only: how many rooms a stranger has is nobody's business.
  const heir = room.isOwner(memberId) ? undefined : room.member(memberId);
  if (heir !== undefined && !deps.directory.mayOwnMore(heir.player)) {
    const message = 'This player owns as many rooms of this node as they may; choose another.';
    throw new SocketError('rooms_full', { message });
  }
  room.transferOwnership(memberId);
  tellChanged(deps, room);
  return {};
}
