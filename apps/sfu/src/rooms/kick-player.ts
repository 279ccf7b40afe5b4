import type { Replies, RequestData } from '@romm-netplay/protocol';
import { SocketError } from '../errors.js';
import { type Caller, ownedRoom } from './caller.js';
import { EventMessage } from '../players/event-message.js';
import { tellChanged, type TellDeps } from './tell-changed.js';

/** Puts a member out at once, whose socket stays open; with `ban` for as long as the room lives. */
export function kickPlayer(
  deps: TellDeps,
  caller: Caller,
  { player_id: playerId, ban }: RequestData<'kick-player'>,
): Replies['kick-player'] {
  const room = ownedRoom(caller);
  const isSelf = ban
    ? room.member(playerId)?.player.playerId === caller.player.playerId
    : room.member(playerId) === room.heldBy(caller);
  if (isSelf) {
    throw new SocketError('invalid_request', { message: 'data.player_id: is you; leave the room instead' });
  }
  const kicked = new EventMessage('kicked', { room_name: room.name, banned: ban });
  for (const { outbox } of room.kick(playerId, ban)) outbox.sendEvent(kicked);
  tellChanged(deps, room);
  return { bans: room.bans };
}
