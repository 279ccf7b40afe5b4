import type { IssuerPermission } from '@romm-netplay/protocol';
import type { Player } from '../players/player.js';
import { type GuestDeps, isWelcome, may } from './assert-may.js';

/** A guest in a room. */
export interface Sojourn {
  readonly player: Player;
  readonly ownsRoom: boolean;
}

/**
 * Whether what the registry says now ends a guest's stay in a room. Whoever opened a room, or came to own it,
 * may stay in it by either permission, unless theirs to open rooms was taken just now. A list harms nobody.
 * @throws StateUnavailableError
 */
export function mustGo(
  deps: GuestDeps,
  { player, ownsRoom }: Sojourn,
  taken: readonly IssuerPermission[] = [],
): boolean {
  if (player.instance === null) return false;
  if (!isWelcome(deps, player)) return true;
  if (ownsRoom && taken.includes('rooms:create')) return true;
  return !may(deps, player, 'rooms:join') && !(ownsRoom && may(deps, player, 'rooms:create'));
}
