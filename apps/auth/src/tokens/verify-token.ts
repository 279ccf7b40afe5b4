import type { JtiStore } from '@romm-netplay/shared-state';
import type { ClaimsOf, SfuTokenType, TokenVerifier } from '@romm-netplay/token-core';
import { AuthError } from '../errors.js';

export interface VerifyTokenDeps {
  readonly verifier: TokenVerifier;
  readonly jtis: JtiStore;
  /** What verifies: read and write tokens, and the older type while that is accepted (P1.5). */
  readonly acceptedTypes: readonly SfuTokenType[];
}

/**
 * Verifies a token on behalf of an SFU server that cannot (P1.6). A write token is used up unless `consume`
 * is false; a read token has nothing to consume.
 * @throws TokenError, AuthError token_used, StateUnavailableError
 */
export async function verifyToken(
  { verifier, jtis, acceptedTypes }: VerifyTokenDeps,
  { token, consume }: { token: string; consume: boolean },
): Promise<ClaimsOf<SfuTokenType>> {
  const claims = await verifier.verify(token, acceptedTypes);
  if (claims.type !== 'sfu:read') {
    const { jti, sub } = claims;
    const usable = consume ? await jtis.consume(jti, sub) : await jtis.isUnused(jti, sub);
    if (!usable) throw new AuthError('token_used');
  }
  return claims;
}
