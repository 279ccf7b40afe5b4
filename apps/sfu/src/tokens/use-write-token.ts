import { type TokenClaims, TokenError, type TokenVerifier } from '@romm-netplay/token-core';
import { SocketError } from '../errors.js';
import type { CountEntry } from '../guests/count-entry.js';
import type { WriteTokenConsumer } from '../ports.js';
import type { Player } from '../signaling/player.js';
import type { TokenPolicy } from './token-policy.js';

export interface UseWriteTokenDeps {
  readonly verifier: TokenVerifier;
  readonly consumer: WriteTokenConsumer;
  readonly policy: TokenPolicy;
  readonly countEntry: CountEntry;
  /** Told of a read token that opened or joined, where that is still allowed. */
  readonly onReadTokenJoin: (claims: TokenClaims) => void;
}

/**
 * Verifies a write token of this very player and uses it up (P1.4, P1.9).
 * @throws TokenError, SocketError token_not_yours, guests_full, token_used; StateUnavailableError
 */
export async function useWriteToken(
  { verifier, consumer, policy, countEntry, onReadTokenJoin }: UseWriteTokenDeps,
  player: Player,
  token: string,
): Promise<void> {
  const claims = await verifier.verify(token, policy.ticket);
  if (claims.iss !== player.issuer || claims.sub !== player.sub) throw new SocketError('token_not_yours');
  // Older clients are this instance's own; nobody else has a reason to come with less than a write token.
  if (claims.type === 'sfu:read' && player.instance !== null) throw new TokenError('token_type');
  // Before it is used up: who is told to come back later can come back with it.
  await countEntry(player);
  if (claims.type === 'sfu:read') onReadTokenJoin(claims);
  else if (!(await consumer.consume(token, claims))) throw new SocketError('token_used');
}
