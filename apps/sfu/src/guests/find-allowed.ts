import { GUESTS_MEMBER, type RoomRecord } from '@romm-netplay/protocol';
import type { Player } from '../players/player.js';
import { isOpenTo, type Openness } from './is-open-to.js';

/** A room of this node, as far as it matters here. */
export interface FindableRoom extends Openness {
  seats(playerId: string): boolean;
}

/**
 * Whether a player may learn that there is such a room. Guests find what is open to their instance, and where
 * they have a place already; every other room does not exist for them.
 */
export const findsRoom = ({ instance, playerId }: Player, room: FindableRoom): boolean =>
  instance === null || isOpenTo(instance, room) || room.seats(playerId);

/** The same for a room that may be on another node. */
export function findsRecord({ instance, playerId }: Player, record: RoomRecord): boolean {
  const { visibility, admits } = record as Openness;
  if (instance === null || isOpenTo(instance, { visibility, admits })) return true;
  const guests = record[GUESTS_MEMBER];
  return Array.isArray(guests) && guests.includes(playerId);
}
