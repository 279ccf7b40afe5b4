import { ASSERTION_TTL_SECONDS, type AssertionClaims, isJti } from './claims.js';
import { TokenError } from './errors.js';
import {
  checkTimes,
  DEFAULT_CLOCK_SKEW_SECONDS,
  type TokenVerifierOptions,
  verifySigned,
} from './verify-token.js';

export interface AssertionVerifier {
  /**
   * Checks what another instance signed to this one. Single use is not checked here: whoever acts on it records
   * its `jti` first. @throws TokenError
   */
  verify(assertion: string): Promise<AssertionClaims>;
}

/** A player's token is no assertion and an assertion no token: their `typ` differ, whoever signed them. */
export function createAssertionVerifier(options: TokenVerifierOptions): AssertionVerifier {
  const { trustedIssuers, audience, clockSkewSeconds = DEFAULT_CLOCK_SKEW_SECONDS, now = Date.now } = options;
  if (audience === '') throw new TypeError('A verifier needs an audience.');

  return {
    async verify(assertion) {
      const nowSeconds = Math.floor(now() / 1000);
      const claims = await verifySigned(assertion, 'netplay-assertion+jwt', trustedIssuers, {
        audience,
        clockTimestamp: nowSeconds,
        clockTolerance: clockSkewSeconds,
      });
      checkTimes(claims, nowSeconds + clockSkewSeconds);
      const { iat = 0, exp = 0, jti } = claims;
      if (exp - iat > ASSERTION_TTL_SECONDS) throw new TokenError('token_lifetime');
      if (!isJti(jti)) throw new TokenError('token_jti_missing');
      return claims as unknown as AssertionClaims;
    },
  };
}
