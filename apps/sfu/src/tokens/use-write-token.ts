import type { TokenClaims, TokenVerifier } from '@romm-netplay/token-core';
import { SocketError } from '../errors.js';
import type { WriteTokenConsumer } from '../ports.js';
import type { Player } from '../signaling/player.js';
import type { TokenPolicy } from './token-policy.js';

export interface UseWriteTokenDeps {
  readonly verifier: TokenVerifier;
  readonly consumer: WriteTokenConsumer;
  readonly policy: TokenPolicy;
  /** Told of a read token that opened or joined, where that is still allowed. */
  readonly onReadTokenJoin: (claims: TokenClaims) => void;
}

/**
 * Verifies a write token of this very player and uses it up (P1.4, P1.9).
 * @throws TokenError, SocketError token_not_yours, token_used; StateUnavailableError
 */
export async function useWriteToken(
  { verifier, consumer, policy, onReadTokenJoin }: UseWriteTokenDeps,
  { issuer, sub }: Player,
  token: string,
): Promise<void> {
  const claims = await verifier.verify(token, policy.ticket);
  if (claims.iss !== issuer || claims.sub !== sub) throw new SocketError('token_not_yours');
  if (claims.type === 'sfu:read') onReadTokenJoin(claims);
  else if (!(await consumer.consume(token, claims))) throw new SocketError('token_used');
}
