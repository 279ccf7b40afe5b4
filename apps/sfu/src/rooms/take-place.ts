import type { Seat } from '@romm-netplay/protocol';
import type { Caller } from './caller.js';
import type { Claim, Member } from './model/place.js';
import { hashTicket } from './resume-ticket.js';
import type { Room } from './model/room.js';
import { tellChanged, type TellDeps } from './tell-changed.js';

export interface TakePlaceDeps extends TellDeps {
  /** 128 random bits. */
  readonly newId: () => string;
  /** How many places of a room one player may have, of those that end with their connection (N4). */
  readonly seatsPerPlayer: number;
}

/**
 * Gives the caller the place their player has in a room, from whichever connection holds it, or else a free
 * one; tells the room. Waits for nothing, so whoever judged the request has judged this very state.
 */
export function takePlace(
  deps: TakePlaceDeps,
  caller: Caller,
  room: Room,
  wish: Omit<Claim, 'ticketHash' | 'maxSeats'>,
): Seat {
  const ticket = deps.newId();
  const claim = { ...wish, ticketHash: hashTicket(ticket), maxSeats: deps.seatsPerPlayer };
  const { slot } =
    room.placeFor(caller) === undefined ? room.join(caller, claim) : takeBack(caller, room, claim);
  caller.room = room;
  tellChanged(deps, room);
  return { room: room.snapshot(), slot, resume_token: ticket, chat: room.chat };
}

function takeBack(caller: Caller, room: Room, claim: Claim): Member {
  const { previous, member } = room.takeBack(caller, claim);
  previous.close('takenOver');
  return member;
}
