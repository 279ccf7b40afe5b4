import type { Replies, RequestData } from '@romm-netplay/protocol';
import { SocketError } from '../errors.js';
import type { GuestDeps } from '../guests/assert-may.js';
import { assertMayEnter } from '../guests/assert-may-enter.js';
import { findsRoom } from '../guests/find-allowed.js';
import { useWriteToken, type UseWriteTokenDeps } from '../tokens/use-write-token.js';
import { assertInNoRoom, type Caller } from './caller.js';
import { findRoom, type FindRoomDeps } from './find-room.js';
import type { PasswordCheck } from './password.js';
import type { Room } from './model/room.js';
import { takePlace, type TakePlaceDeps } from './take-place.js';

export interface JoinRoomDeps extends UseWriteTokenDeps, TakePlaceDeps, FindRoomDeps, GuestDeps {
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
  const called = deps.directory.named(request.room_name);
  const own = called.find((room) => room.isOwnedBy(caller.player.playerId));
  assertMayEnter(deps, caller.player, own);
  const { spectator, slot, extra } = request;
  const room = await findRoom(deps, caller, request);
  if (room === undefined) throw new SocketError('room_not_found');
  assertPlaceFor(deps, caller, room, request);
  if (room.placeFor(caller) === undefined) deps.passwords.assertMayTry(room, caller.player.playerId);
  await useWriteToken(deps, caller, request.token);
  // Asked after the wait: a kept place may have expired meanwhile, and with it the right to come back.
  if (room.placeFor(caller) === undefined) {
    await deps.passwords.assertPassword(room, caller.player.playerId, request.password);
  }
  if (!caller.connected || deps.directory.find(room.key) !== room) throw new SocketError('room_not_found');
  assertPlaceFor(deps, caller, room, request);
  return takePlace(deps, caller, room, { spectator, slot, extra });
}

/**
 * A member comes back to their place, full or locked room or not; everybody else needs a free one.
 * @throws SocketError issuer_not_permitted, banned_here, room_not_found, node_draining, already_in_room,
 * seats_full, banned, room_locked, room_full, no_spectators, incompatible_game
 */
function assertPlaceFor(
  deps: JoinRoomDeps,
  caller: Caller,
  room: Room,
  wish: RequestData<'join-room'>,
): void {
  const { allowTakeover, directory } = deps;
  assertMayEnter(deps, caller.player, room);
  if (!findsRoom(caller.player, room)) throw new SocketError('room_not_found');
  directory.assertAdmits(room);
  const place = room.placeFor(caller);
  if (place === undefined) room.assertRoomFor(caller, { ...wish, maxSeats: deps.seatsPerPlayer });
  else if (place.keptUntilMs === undefined && !allowTakeover) throw new SocketError('already_in_room');
}
