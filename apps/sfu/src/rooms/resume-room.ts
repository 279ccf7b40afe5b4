import type { Replies, RequestData } from '@romm-netplay/protocol';
import { SocketError } from '../errors.js';
import type { GuestDeps } from '../guests/assert-may.js';
import { assertMayEnter } from '../guests/assert-may-enter.js';
import { assertInNoRoom, type Caller } from './caller.js';
import { findRoom, type FindRoomDeps } from './find-room.js';
import type { Room } from './model/room.js';
import { fitsTicket, NO_TICKET } from './resume-ticket.js';
import { takePlace, type TakePlaceDeps } from './take-place.js';

/**
 * Takes a place again with the one-time ticket of the last reply (R4): no token, no password, and from a live
 * connection as well, which may not have noticed yet that its line is dead. Every refusal is the same, so
 * nothing can be learnt by trying. A ticket has 128 random bits, which the rate limit of a socket protects
 * well enough; a wrong one costs nobody anything.
 */
export async function resumeRoom(
  deps: TakePlaceDeps & FindRoomDeps & GuestDeps,
  caller: Caller,
  { resume_token: ticket, ...reference }: RequestData<'resume-room'>,
): Promise<Replies['resume-room']> {
  assertInNoRoom(caller);
  const { playerId } = caller.player;
  // Needs nobody else, so that a place can be taken again while the registry is away.
  const own = deps.directory.named(reference.room_name).find((each) => holdsTicket(each, playerId, ticket));
  assertMayEnter(deps, caller.player, own);
  const room = own ?? (await findRoom(deps, caller, reference));
  // After the wait, as with the rest: nothing is waited for from here on.
  assertMayEnter(deps, caller.player, room);
  deps.directory.assertChangeable(room);
  // The place of this very player (issuer and subject): another player's ticket opens nothing.
  const place = room?.placeOf(playerId);
  const fits = room !== undefined && holdsTicket(room, playerId, ticket);
  // Gone while we waited: a place that a dead connection takes would be nobody's.
  if (room === undefined || place === undefined || !fits || !caller.connected)
    throw new SocketError('resume_refused');
  return takePlace(deps, caller, room, { spectator: place.slot === null });
}

const holdsTicket = (room: Room, playerId: string, ticket: string): boolean =>
  fitsTicket(ticket, room.placeOf(playerId)?.ticketHash ?? NO_TICKET);
