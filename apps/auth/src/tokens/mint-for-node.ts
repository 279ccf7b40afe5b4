import type { IssuedToken } from '@romm-netplay/token-core';
import { AuthError } from '../errors.js';
import { identify } from '../identity/authenticate.js';
import type { Credentials } from '../ports.js';
import { type MintTokenDeps, mintOwn } from './mint-token.js';

export interface NodeTokenRequest {
  /** What the player showed the node: RomM's session cookie or bearer. */
  readonly credentials: Credentials;
  readonly tokenType: 'read' | 'write';
  /** How old RomM's word may be; its own time by default. */
  readonly maxAgeMs: number | undefined;
  /** The connection that alone may use a write token. */
  readonly socket: string | undefined;
}

/**
 * Mints a token for a player who came to a node with RomM's own credential and knows nothing of tokens (N2).
 * It is like any other: verified by its signature, and a write token consumed once.
 * @throws AuthError romm_off, not_signed_in, kiosk_visitor, account_disabled, identity_taken,
 * identity_unavailable; StateUnavailableError
 */
export async function mintForNode(
  deps: MintTokenDeps,
  { credentials, tokenType, maxAgeMs, socket }: NodeTokenRequest,
): Promise<IssuedToken> {
  const romm = deps.providers.filter(({ name }) => name === 'romm');
  if (romm.length === 0) throw new AuthError('romm_off');
  const { identity } = await identify({ providers: romm }, credentials, maxAgeMs);
  const { sub, netplayUsername } = identity;
  return mintOwn(deps, { player: { sub, netplayUsername }, tokenType, socket });
}
