import type { MemberExtra, Replies, RequestData, RoomExtra, Visibility } from '@romm-netplay/protocol';
import { assertMay, may, type GuestDeps } from '../guests/assert-may.js';
import { useWriteToken, type UseWriteTokenDeps } from '../tokens/use-write-token.js';
import { tellState } from './news.js';
import { assertInNoRoom, type Caller } from './caller.js';
import { leaveRoom } from './leave-room.js';
import { hashPassword } from './password.js';
import { hashTicket } from './resume-ticket.js';
import { Room } from './model/room.js';
import { keyOf } from './room-reference.js';
import type { TakePlaceDeps } from './take-place.js';

export interface OpenRoomDeps extends UseWriteTokenDeps, TakePlaceDeps, GuestDeps {
  /** Who finds rooms of clients that do not say. */
  readonly defaultVisibility: Visibility;
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
  assertMay(deps, caller.player, 'rooms:create');
  const key = keyOf({ ...request.extra, room_name: request.room_name });
  await deps.directory.assertFree(key, caller.player);
  const passwordHash = request.password === undefined ? undefined : await hashPassword(request.password);
  await useWriteToken(deps, caller, request.token);
  const room = new Room({
    id: deps.newId(),
    key,
    name: request.room_name,
    maxPlayers: request.max_players,
    passwordHash,
    visibility: request.visibility ?? deps.defaultVisibility,
    admits: request.admits,
    allowSpectators: request.allow_spectators,
    extra: request.extra,
    // Who cannot come back cannot be waited for, and their page plays the game of all.
    endsWithOwner: !caller.outbox.returns,
  });
  const ticket = deps.newId();
  room.join(caller, {
    spectator: false,
    extra: gameOf(request.extra),
    ticketHash: hashTicket(ticket),
    maxSeats: deps.seatsPerPlayer,
  });
  await deps.directory.host(room);
  caller.room = room;
  // Gone while we waited: its own farewell found no room, and nobody was told of a place to come back to.
  if (!caller.connected || !may(deps, caller.player, 'rooms:create')) leaveRoom(deps, caller);
  assertMay(deps, caller.player, 'rooms:create');
  tellState(room, 'users-updated');
  return { room: room.snapshot(), slot: 0, resume_token: ticket, chat: [] };
}

/** Whoever opens a room has the game that it plays. */
const gameOf = ({ rom_hash, rom_name, core_type, core_version }: RoomExtra): MemberExtra => ({
  ...(rom_hash !== undefined && { rom_hash }),
  ...(rom_name !== undefined && { rom_name }),
  ...(core_type !== undefined && { core_type }),
  ...(core_version !== undefined && { core_version }),
});
