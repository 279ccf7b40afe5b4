import type { JtiStore } from '@romm-netplay/shared-state';
import type { IssuedToken, TokenIssuer } from '@romm-netplay/token-core';
import { authenticate, type AuthenticateDeps } from '../identity/authenticate.js';
import type { Credentials } from '../ports.js';

export interface MintTokenDeps extends AuthenticateDeps {
  readonly issuer: TokenIssuer;
  readonly jtis: JtiStore;
}

/**
 * Mints a token for whoever the credentials prove (P1.1). A write token leaves only after its marker is
 * stored: a token that could never be used must not be handed out.
 * @throws AuthError not_signed_in, identity_unavailable, …; TokenError; StateUnavailableError
 */
export async function mintToken(
  deps: MintTokenDeps,
  { credentials, tokenType }: { credentials: Credentials; tokenType: 'read' | 'write' },
): Promise<IssuedToken> {
  const subject = await authenticate(deps, credentials);
  if (tokenType === 'read') return deps.issuer.issueReadToken(subject, deps.audience);
  const issued = await deps.issuer.issueWriteToken(subject, deps.audience);
  await deps.jtis.remember(issued.jti, issued.expiresAtMs);
  return issued;
}
