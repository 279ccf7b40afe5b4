import type { Player } from '../players/player.js';
import { assertMay, type GuestDeps, may } from './assert-may.js';

/**
 * Judges a guest who comes into a room, again or for the first time. Whoever may open rooms may come back to
 * their own. @throws SocketError issuer_not_permitted, banned_here; StateUnavailableError
 */
export function assertMayEnter(
  deps: GuestDeps,
  player: Player,
  room: { isOwnedBy(playerId: string): boolean } | undefined,
): void {
  if (room?.isOwnedBy(player.playerId) === true && may(deps, player, 'rooms:create')) return;
  assertMay(deps, player, 'rooms:join');
}
