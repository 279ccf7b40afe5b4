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
  if (playerId === caller.player.playerId) {
    throw new SocketError('invalid_request', { message: 'data.player_id: is you; leave the room instead' });
  }
  const { outbox } = room.kick(playerId, ban);
  outbox.sendEvent(new EventMessage('kicked', { room_name: room.name, banned: ban }));
  tellChanged(deps, room);
  return { bans: room.bans };
}
