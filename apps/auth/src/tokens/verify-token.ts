import type { Peers } from '@romm-netplay/peers';
import { type FirstUseStore, firstUseOf, type JtiStore } from '@romm-netplay/shared-state';
import {
  type ClaimsOf,
  DEFAULT_CLOCK_SKEW_SECONDS,
  HS256_ISSUER,
  type SfuTokenType,
  TokenError,
  type TokenVerifier,
} from '@romm-netplay/token-core';
import { AuthError } from '../errors.js';

export interface VerifyTokenDeps {
  /** Of our own tokens, those of active instances for their players, and older formats. */
  readonly verifier: TokenVerifier;
  /** Issuer URL of this instance. */
  readonly audience: string;
  readonly jtis: JtiStore;
  readonly firstUses: FirstUseStore;
  readonly peers: Pick<Peers, 'get'>;
  /** What verifies: read and write tokens, and the older type while that is accepted (P1.5). */
  readonly acceptedTypes: readonly SfuTokenType[];
}

type OneTimeClaims = ClaimsOf<Exclude<SfuTokenType, 'sfu:read'>>;

/**
 * Verifies a token on behalf of an SFU server that cannot (P1.6). A write token is used up unless `consume`
 * is false; a read token has nothing to consume.
 * @throws TokenError, AuthError token_used, StateUnavailableError
 */
export async function verifyToken(
  deps: VerifyTokenDeps,
  { token, consume }: { token: string; consume: boolean },
): Promise<ClaimsOf<SfuTokenType>> {
  const claims = await deps.verifier.verify(token, deps.acceptedTypes);
  const isGuest = claims.iss !== deps.audience && claims.iss !== HS256_ISSUER;
  if (claims.type !== 'sfu:read') {
    const usable = await (isGuest ? isFirstUse(deps, claims, consume) : hasMarker(deps, claims, consume));
    if (!usable) throw new AuthError('token_used');
  }
  // Asked again after the waits: who was suspended meanwhile is suspended.
  if (isGuest && deps.peers.get(claims.iss)?.state !== 'active') {
    throw new TokenError('token_issuer_untrusted');
  }
  return claims;
}

const hasMarker = ({ jtis }: VerifyTokenDeps, { jti, sub }: OneTimeClaims, consume: boolean) =>
  consume ? jtis.consume(jti, sub) : jtis.isUnused(jti, sub);

/** What other instances minted has no marker here (P2.6). */
function isFirstUse(
  { firstUses }: VerifyTokenDeps,
  claims: OneTimeClaims,
  consume: boolean,
): Promise<boolean> {
  const use = firstUseOf(claims, DEFAULT_CLOCK_SKEW_SECONDS);
  return consume ? firstUses.claim(use) : firstUses.isUnused(use);
}
