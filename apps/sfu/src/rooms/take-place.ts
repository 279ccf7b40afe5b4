import type { MemberExtra, Seat } from '@romm-netplay/protocol';
import { broadcastUsers } from './broadcast.js';
import type { Caller } from './caller.js';
import { hashTicket } from './resume-ticket.js';
import type { RoomDirectory } from './room-directory.js';
import type { Room } from './room.js';

export interface TakePlaceDeps {
  readonly directory: RoomDirectory;
  /** 128 random bits. */
  readonly newId: () => string;
}

/**
 * Gives the caller the place their player has in a room, from whichever connection holds it, or else a free
 * one; tells the room. Waits for nothing, so whoever judged the request has judged this very state.
 */
export function takePlace(
  { directory, newId }: TakePlaceDeps,
  caller: Caller,
  room: Room,
  wish: { readonly spectator: boolean; readonly extra?: MemberExtra },
): Seat {
  const ticket = newId();
  const claim = { ...wish, ticketHash: hashTicket(ticket) };
  const { playerId } = caller.player;
  if (room.placeOf(playerId) === undefined) room.join(caller, claim);
  else room.takeBack(caller, claim).previous.close('takenOver');
  caller.room = room;
  directory.changed(room);
  broadcastUsers(room);
  return { room: room.snapshot(), slot: room.placeOf(playerId)?.slot ?? null, resume_token: ticket };
}
