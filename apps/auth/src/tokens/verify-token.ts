import type { JtiStore } from '@romm-netplay/shared-state';
import type { ReadTokenClaims, TokenVerifier, WriteTokenClaims } from '@romm-netplay/token-core';
import { AuthError } from '../errors.js';

export interface VerifyTokenDeps {
  readonly verifier: TokenVerifier;
  readonly jtis: JtiStore;
}

/**
 * Verifies a token on behalf of an SFU server that cannot (P1.6). A write token is used up unless `consume`
 * is false; a read token has nothing to consume.
 * @throws TokenError, AuthError token_used, StateUnavailableError
 */
export async function verifyToken(
  { verifier, jtis }: VerifyTokenDeps,
  { token, consume }: { token: string; consume: boolean },
): Promise<ReadTokenClaims | WriteTokenClaims> {
  const claims = await verifier.verify(token, ['sfu:read', 'sfu:write']);
  if (claims.type === 'sfu:write') {
    const usable = consume ? await jtis.consume(claims.jti) : await jtis.isUnused(claims.jti);
    if (!usable) throw new AuthError('token_used');
  }
  return claims;
}
