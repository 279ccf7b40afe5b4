import type { RegisteredIssuer } from '@romm-netplay/protocol';
import { bearerOf } from '@romm-netplay/service-kit';
import { type FirstUseStore, firstUseOf } from '@romm-netplay/shared-state';
import {
  type AssertionVerifier,
  claimedIssuer,
  DEFAULT_CLOCK_SKEW_SECONDS,
  MAX_TOKEN_BYTES,
} from '@romm-netplay/token-core';
import type { Peers } from '@romm-netplay/peers';
import { AuthError } from '../errors.js';

export interface AuthenticatePeerDeps {
  readonly assertions: AssertionVerifier;
  readonly firstUses: FirstUseStore;
  readonly peers: Pick<Peers, 'get'>;
}

/**
 * Which active instance calls, by an assertion that it signed for this one and never shows again.
 * @throws AuthError assertion_missing, peer_not_active, assertion_used; TokenError; StateUnavailableError
 */
export async function authenticatePeer(
  { assertions, firstUses, peers }: AuthenticatePeerDeps,
  authorization: string | undefined,
): Promise<RegisteredIssuer> {
  const shown = bearerOf(authorization);
  if (shown === undefined || shown.length > MAX_TOKEN_BYTES) throw new AuthError('assertion_missing');
  const issuer = claimedIssuer(shown);
  if (issuer === undefined || peers.get(issuer)?.state !== 'active') throw new AuthError('peer_not_active');
  const claims = await assertions.verify(shown);
  if (!(await firstUses.claim(firstUseOf(claims, DEFAULT_CLOCK_SKEW_SECONDS))))
    throw new AuthError('assertion_used');
  // Asked again after the wait: what was withdrawn meanwhile is withdrawn.
  const peer = peers.get(claims.iss);
  if (peer?.state !== 'active') throw new AuthError('peer_not_active');
  return peer;
}
