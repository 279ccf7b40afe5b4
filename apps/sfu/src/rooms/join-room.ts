import type { Replies, RequestData } from '@romm-netplay/protocol';
import type { RoomRegistry } from '@romm-netplay/shared-state';
import { SocketError } from '../errors.js';
import { useWriteToken, type UseWriteTokenDeps } from '../tokens/use-write-token.js';
import { broadcastUsers } from './broadcast.js';
import { assertInNoRoom, type Caller } from './caller.js';
import type { PasswordCheck } from './password.js';
import type { RoomDirectory } from './room-directory.js';
import type { Room } from './room.js';

export interface JoinRoomDeps extends UseWriteTokenDeps {
  readonly directory: RoomDirectory;
  readonly registry: RoomRegistry;
  readonly passwords: PasswordCheck;
}

/**
 * Seats the caller in a room of this node. A password is tried only by whoever spends a write token on it,
 * so guessing costs a minted token a try.
 */
export async function joinRoom(
  deps: JoinRoomDeps,
  caller: Caller,
  request: RequestData<'join-room'>,
): Promise<Replies['join-room']> {
  assertInNoRoom(caller);
  const { clientId, player, outbox } = caller;
  const { spectator, extra } = request;
  const room = await findRoom(deps, request.room_name);
  room.assertRoomFor(player.playerId, spectator);
  await useWriteToken(deps, player, request.token);
  await deps.passwords.assertPassword(room, player.playerId, request.password);
  if (!caller.connected || deps.directory.find(room.name) !== room) throw new SocketError('room_not_found');
  const { slot } = room.join({ clientId, player, outbox, spectator, extra });
  caller.room = room;
  deps.directory.changed(room);
  broadcastUsers(room);
  return { room: room.snapshot(), slot };
}

async function findRoom({ directory, registry }: JoinRoomDeps, roomName: string): Promise<Room> {
  const room = directory.find(roomName);
  if (room !== undefined) return room;
  const elsewhere = await registry.resolve(roomName);
  // A record of our own that we do not host is left over from before a restart.
  const isElsewhere = elsewhere !== undefined && elsewhere.nodeId !== directory.nodeId;
  throw new SocketError(isElsewhere ? 'room_elsewhere' : 'room_not_found');
}
