import type { Replies, RequestData } from '@romm-netplay/protocol';
import type { RoomRegistry } from '@romm-netplay/shared-state';
import { SocketError } from '../errors.js';
import { useWriteToken, type UseWriteTokenDeps } from '../tokens/use-write-token.js';
import { assertInNoRoom, type Caller } from './caller.js';
import type { PasswordCheck } from './password.js';
import type { Room } from './room.js';
import { takePlace, type TakePlaceDeps } from './take-place.js';

export interface JoinRoomDeps extends UseWriteTokenDeps, TakePlaceDeps {
  readonly registry: RoomRegistry;
  readonly passwords: PasswordCheck;
  /** Whether a player may take their place over from a live connection of their own (S5). */
  readonly allowTakeover: boolean;
}

/**
 * Seats the caller in a room of this node: in the place their player has there already, or in a free one. A
 * password is tried only by whoever spends a write token on it, so guessing costs a minted token a try.
 */
export async function joinRoom(
  deps: JoinRoomDeps,
  caller: Caller,
  request: RequestData<'join-room'>,
): Promise<Replies['join-room']> {
  assertInNoRoom(caller);
  const { playerId } = caller.player;
  const { spectator, extra } = request;
  const room = await findRoom(deps, request.room_name);
  assertPlaceFor(deps, caller, room, spectator);
  await useWriteToken(deps, caller.player, request.token);
  // Asked after the wait: a kept place may have expired meanwhile, and with it the right to come back.
  if (room.placeOf(playerId) === undefined) {
    await deps.passwords.assertPassword(room, playerId, request.password);
  }
  if (!caller.connected || deps.directory.find(room.name) !== room) throw new SocketError('room_not_found');
  assertPlaceFor(deps, caller, room, spectator);
  return takePlace(deps, caller, room, { spectator, extra });
}

/**
 * A member comes back to their place, full room or not; everybody else needs a free one.
 * @throws SocketError room_full, already_in_room
 */
function assertPlaceFor(
  { allowTakeover }: JoinRoomDeps,
  { player: { playerId } }: Caller,
  room: Room,
  spectator: boolean,
): void {
  const place = room.placeOf(playerId);
  if (place === undefined) room.assertRoomFor(playerId, spectator);
  else if (place.keptUntilMs === undefined && !allowTakeover) throw new SocketError('already_in_room');
}

async function findRoom({ directory, registry }: JoinRoomDeps, roomName: string): Promise<Room> {
  const room = directory.find(roomName);
  if (room !== undefined) return room;
  const elsewhere = await registry.resolve(roomName);
  // A record of our own that we do not host is left over from before a restart.
  const isElsewhere = elsewhere !== undefined && elsewhere.nodeId !== directory.nodeId;
  throw new SocketError(isElsewhere ? 'room_elsewhere' : 'room_not_found');
}
