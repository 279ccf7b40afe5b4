import { sessionRefOf, TokenError, type TokenType, type TokenVerifier } from '@romm-netplay/token-core';
import { assertMay, type GuestDeps } from '../guests/assert-may.js';
import type { IsOwn } from '../players/own-issuers.js';
import { type Player, playerOf } from '../players/player.js';

export interface IdentifyDeps extends GuestDeps {
  readonly verifier: TokenVerifier;
  readonly isOwn: IsOwn;
}

/** Who a token speaks for. */
export interface Identity {
  readonly player: Player;
  /** The signed-in session of the token, of whichever issuer; it ends with that session. */
  readonly sessionRef: string | undefined;
  /** Mints a write token for one connection of a player who has no way to get one. */
  readonly ticket?: (socket: string) => Promise<string>;
}

/**
 * Verifies a token, and that its player may be here at all.
 * @throws TokenError, SocketError issuer_not_permitted, banned_here; StateUnavailableError
 */
export async function identify(
  deps: IdentifyDeps,
  token: string,
  types: readonly TokenType[],
): Promise<Identity> {
  const claims = await deps.verifier.verify(token, types);
  // What a node got for one connection is good for that room, and tells nobody who anybody is.
  if (claims.type === 'sfu:write' && claims.socket !== undefined) throw new TokenError('token_type');
  const player = playerOf(claims, deps.isOwn);
  assertMay(deps, player);
  return { player, sessionRef: sessionRefOf(claims) };
}
