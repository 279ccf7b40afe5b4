import type { Replies, RequestData } from '@romm-netplay/protocol';
import { type Caller, membershipOf, ownedRoom } from './caller.js';
import { tellChanged, type TellDeps } from './tell-changed.js';

/** Moves the caller to a free slot or beside the slots; an owner moves anybody. */
export function updatePlayerSlot(
  deps: TellDeps,
  caller: Caller,
  { slot, player_id: memberId }: RequestData<'update-player-slot'>,
): Replies['update-player-slot'] {
  const { room, member } = membershipOf(caller);
  if (memberId !== undefined && memberId !== member.id) ownedRoom(caller);
  room.moveTo(memberId ?? member.id, slot, deps.directory.mayOwnMore);
  tellChanged(deps, room);
  return { slot };
}
