import { sessionRefOf } from './claims.js';
import { TokenError } from './errors.js';
import type { TokenVerifier } from './verify-token.js';

/**
 * Refuses tokens whose session has ended, whatever their signature says (P3.7). `isRevoked` is asked at every
 * verification, so that no cache in `verifier` can outlive a revocation.
 */
export function createRevocableVerifier(
  verifier: TokenVerifier,
  isRevoked: (sessionRef: string) => boolean,
): TokenVerifier {
  return {
    async verify(token, types) {
      const claims = await verifier.verify(token, types);
      const sessionRef = sessionRefOf(claims);
      if (sessionRef !== undefined && isRevoked(sessionRef)) throw new TokenError('token_revoked');
      return claims;
    },
  };
}
