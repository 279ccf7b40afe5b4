import type { Player } from '../../players/player.js';
import { isConnected, type Member } from './place.js';

/** A member with a slot. */
export type SeatedMember = Member & { readonly slot: number };

/** Whether a player may own one more room. */
export type MayOwn = (player: Player) => boolean;

export const anybody: MayOwn = () => true;

export const playersAmong = (members: Iterable<Member>): SeatedMember[] =>
  [...members].filter((member): member is SeatedMember => member.slot !== null);

/** The wished slot where it is one of the room and free, else the lowest free one. */
export function freeSlot(members: Iterable<Member>, maxPlayers: number, wished: number | undefined): number {
  const taken = new Set(playersAmong(members).map(({ slot }) => slot));
  if (wished !== undefined && wished < maxPlayers && !taken.has(wished)) return wished;
  let slot = 0;
  while (taken.has(slot)) slot += 1;
  return slot;
}

/**
 * Who owns a room after its owner (a member's id): a player who is connected, of those one who may own another room, of those
 * the one in the lowest slot. Somebody always does while there are players: a room does not die of a limit.
 */
export function heirAmong(members: Iterable<Member>, mayOwn: MayOwn): string | undefined {
  const rank = (member: SeatedMember) => 2 * Number(isConnected(member)) + Number(mayOwn(member.player));
  const ranked = playersAmong(members).map((member) => ({ member, rank: rank(member) }));
  const [first] = ranked.sort((a, b) => b.rank - a.rank || a.member.slot - b.member.slot);
  return first?.member.id;
}
