import { type IssuedToken, type Subject, TokenError, type TokenIssuer } from '@romm-netplay/token-core';
import { AuthError } from '../../errors.js';
import { type ConsentStore, isCurrent } from '../../privacy/consent-store.js';
import { findInstance, type FindInstanceDeps } from '../../privacy/find-instance.js';
import { visitingSubject } from './visiting-subject.js';

export interface MintVisitTokenDeps extends FindInstanceDeps {
  readonly issuer: TokenIssuer;
  readonly consents: Pick<ConsentStore, 'find'>;
  readonly pairwiseSecret: Buffer;
}

export interface Visit {
  /** The player who asks, with their session here if there is one. */
  readonly player: Subject;
  readonly audience: string;
  readonly tokenType: 'read' | 'write';
}

/**
 * Mints a token for another instance (P2.9), which says who the player is there and nothing of the session
 * here. No marker is stored: the host remembers the first use (P2.6).
 * @throws AuthError audience_not_registered, visits_off, consent_required, database_unavailable; TokenError
 * token_revoked; StateUnavailableError
 */
export async function mintVisitToken(
  deps: MintVisitTokenDeps,
  { player, audience, tokenType }: Visit,
): Promise<IssuedToken> {
  const host = findInstance(deps, audience);
  if (host === undefined) throw new AuthError('audience_not_registered');
  if (!host.players_may_visit) throw new AuthError('visits_off');
  const { sub, sessionId, netplayUsername } = player;
  const consent = await deps.consents.find({ sub, audience: host.issuer, sessionId });
  if (consent === undefined || !isCurrent(consent, host)) throw new AuthError('consent_required');
  // Ended at another replica a moment ago: its grants were changed, and it must not get the new one.
  if (consent.sessionEnded) throw new TokenError('token_revoked');
  const visitor = {
    sub: visitingSubject(deps.pairwiseSecret, sub, host),
    sessionId: consent.grantId,
    ...(netplayUsername !== undefined && { netplayUsername }),
  };
  return tokenType === 'read'
    ? deps.issuer.issueReadToken(visitor, host.issuer)
    : deps.issuer.issueWriteToken(visitor, host.issuer);
}
