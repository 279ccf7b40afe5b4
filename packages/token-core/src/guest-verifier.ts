import { READ_TOKEN_TTL_SECONDS, type TokenType, WRITE_TOKEN_TTL_SECONDS } from './claims.js';
import { TokenError } from './errors.js';
import type { TokenVerifier } from './verify-token.js';

/** What tokens of other instances may be, and for how long they may be valid, in seconds. */
const GUEST_TOKENS: Partial<Record<TokenType, number>> = {
  'sfu:read': READ_TOKEN_TTL_SECONDS,
  'sfu:write': WRITE_TOKEN_TTL_SECONDS,
};

/**
 * Holds other instances to the two kinds of tokens that there are for guests, and to their lifetimes: what
 * another issuer signs must not live here for years, nor speak for a session at auth.
 */
export function createGuestVerifier(
  verifier: TokenVerifier,
  isOwn: (issuer: string) => boolean,
): TokenVerifier {
  return {
    async verify(token, types) {
      const claims = await verifier.verify(token, types);
      if (isOwn(claims.iss)) return claims;
      const type: TokenType = claims.type;
      const lifetimeSeconds = GUEST_TOKENS[type];
      if (lifetimeSeconds === undefined) throw new TokenError('token_type');
      if (claims.exp - claims.iat > lifetimeSeconds) throw new TokenError('token_lifetime');
      return claims;
    },
  };
}
