import { bearerOf } from '@romm-netplay/service-kit';
import { type AccessTokenClaims, claimedIssuer, type TokenVerifier } from '@romm-netplay/token-core';

export interface AccessTokenDeps {
  /** Refuses tokens of ended sessions. */
  readonly accessVerifier: TokenVerifier;
  /** Issuer URL of this instance; its tokens are for our own nodes. */
  readonly audience: string;
}

/**
 * Whose access token an Authorization header brings; undefined when it brings something else. RomM's own
 * tokens are JWTs as well, so the issuer a token claims decides who judges it.
 * @throws TokenError when it is ours and not good; StateUnavailableError
 */
export async function accessClaimsOf(
  { accessVerifier, audience }: AccessTokenDeps,
  authorization: string | undefined,
): Promise<AccessTokenClaims | undefined> {
  const bearer = bearerOf(authorization);
  if (bearer === undefined || claimedIssuer(bearer) !== audience) return undefined;
  return accessVerifier.verify(bearer, ['access']);
}
