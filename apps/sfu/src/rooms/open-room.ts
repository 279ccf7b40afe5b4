import type { Replies, RequestData } from '@romm-netplay/protocol';
import { useWriteToken, type UseWriteTokenDeps } from '../tokens/use-write-token.js';
import { broadcastUsers } from './broadcast.js';
import { assertInNoRoom, type Caller } from './caller.js';
import { leaveRoom } from './leave-room.js';
import { hashPassword } from './password.js';
import type { RoomDirectory } from './room-directory.js';
import { Room } from './room.js';

export interface OpenRoomDeps extends UseWriteTokenDeps {
  readonly directory: RoomDirectory;
}

/**
 * Opens a room with the caller in slot 0. Everything that can be known beforehand is checked before the
 * write token is used up; what others did meanwhile is checked again after.
 */
export async function openRoom(
  deps: OpenRoomDeps,
  caller: Caller,
  request: RequestData<'open-room'>,
): Promise<Replies['open-room']> {
  assertInNoRoom(caller);
  await deps.directory.assertFree(request.room_name);
  await useWriteToken(deps, caller.player, request.token);
  const room = new Room({
    name: request.room_name,
    maxPlayers: request.max_players,
    passwordHash: request.password === undefined ? undefined : await hashPassword(request.password),
    visibility: request.visibility,
    extra: request.extra,
  });
  const { clientId, player, outbox } = caller;
  room.join({ clientId, player, outbox, spectator: false, extra: {} });
  await deps.directory.host(room);
  caller.room = room;
  // Gone while we waited: then its own farewell found no room to leave.
  if (!caller.connected) leaveRoom(deps, caller);
  broadcastUsers(room);
  return { room: room.snapshot(), slot: 0 };
}
