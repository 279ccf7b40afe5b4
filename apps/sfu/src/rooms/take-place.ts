import type { Seat } from '@romm-netplay/protocol';
import type { Caller } from './caller.js';
import type { Claim } from './model/place.js';
import { hashTicket } from './resume-ticket.js';
import type { Room } from './model/room.js';
import { tellChanged, type TellDeps } from './tell-changed.js';

export interface TakePlaceDeps extends TellDeps {
  /** 128 random bits. */
  readonly newId: () => string;
}

/**
 * Gives the caller the place their player has in a room, from whichever connection holds it, or else a free
 * one; tells the room. Waits for nothing, so whoever judged the request has judged this very state.
 */
export function takePlace(
  deps: TakePlaceDeps,
  caller: Caller,
  room: Room,
  wish: Omit<Claim, 'ticketHash'>,
): Seat {
  const ticket = deps.newId();
  const claim = { ...wish, ticketHash: hashTicket(ticket) };
  const { playerId } = caller.player;
  if (room.placeOf(playerId) === undefined) room.join(caller, claim);
  else room.takeBack(caller, claim).previous.close('takenOver');
  caller.room = room;
  tellChanged(deps, room);
  const slot = room.placeOf(playerId)?.slot ?? null;
  return { room: room.snapshot(), slot, resume_token: ticket, chat: room.chat };
}
