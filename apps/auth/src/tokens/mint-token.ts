import type { JtiStore } from '@romm-netplay/shared-state';
import {
  type IssuedToken,
  type Subject,
  type TokenIssuer,
  WRITE_TOKEN_TTL_SECONDS,
} from '@romm-netplay/token-core';
import { canonicalIssuer } from '../privacy/find-instance.js';
import { mintVisitToken, type MintVisitTokenDeps } from '../federation/visits/mint-visit-token.js';
import { authenticate, type AuthenticateDeps } from '../identity/authenticate.js';
import type { Credentials } from '../ports.js';

export interface MintTokenDeps extends AuthenticateDeps, MintVisitTokenDeps {
  readonly issuer: TokenIssuer;
  readonly jtis: JtiStore;
}

export interface TokenRequest {
  readonly credentials: Credentials;
  readonly tokenType: 'read' | 'write';
  /** The instance it is for; this one if absent. */
  readonly audience: string | undefined;
}

/**
 * Mints a token for whoever the credentials prove (P1.1). A write token is signed only after its marker is
 * stored: a token that could never be used must not be handed out.
 * @throws AuthError not_signed_in, identity_unavailable, audience_not_registered, visits_off, consent_required, …;
 * TokenError; StateUnavailableError
 */
export async function mintToken(
  deps: MintTokenDeps,
  { credentials, tokenType, audience }: TokenRequest,
): Promise<IssuedToken> {
  const player = await authenticate(deps, credentials);
  if (audience !== undefined && !isOwn(deps.audience, audience)) {
    return mintVisitToken(deps, { player, audience, tokenType });
  }
  return mintOwn(deps, { player, tokenType });
}

/** Mints a token for the nodes of this instance; a write token for one connection alone, where that is named. */
export async function mintOwn(
  { issuer, jtis, audience }: Pick<MintTokenDeps, 'issuer' | 'jtis' | 'audience'>,
  request: {
    readonly player: Subject;
    readonly tokenType: 'read' | 'write';
    readonly socket?: string | undefined;
  },
): Promise<IssuedToken> {
  const { player, tokenType, socket } = request;
  if (tokenType === 'read') return issuer.issueReadToken(player, audience);
  const jti = await jtis.issue(WRITE_TOKEN_TTL_SECONDS * 1000);
  return issuer.issueWriteToken(player, audience, { jti, socket });
}

const isOwn = (own: string, audience: string): boolean =>
  audience === own || (canonicalIssuer(audience) ?? '') === canonicalIssuer(own);
