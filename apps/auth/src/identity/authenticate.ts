import type { Subject } from '@romm-netplay/token-core';
import { AuthError } from '../errors.js';
import type { Credentials, Identity, IdentityProvider } from '../ports.js';
import { accessClaimsOf, type AccessTokenDeps } from './access-token.js';

export interface AuthenticateDeps extends AccessTokenDeps {
  readonly providers: readonly IdentityProvider[];
}

/**
 * Who the caller is: by the access token of a session, or by what a provider knows.
 * @throws AuthError not_signed_in, identity_unavailable, …; TokenError for a bad access token
 */
export async function authenticate(deps: AuthenticateDeps, credentials: Credentials): Promise<Subject> {
  const claims = await accessClaimsOf(deps, credentials.authorization);
  if (claims !== undefined) {
    const { sub, sid: sessionId, netplay_username: name } = claims;
    return { sub, sessionId, ...(name !== undefined && { netplayUsername: name }) };
  }
  const { sub, netplayUsername } = (await identify(deps, credentials)).identity;
  return { sub, netplayUsername };
}

/** Asks the configured providers in turn. @throws AuthError not_signed_in, … */
export async function identify(
  { providers }: Pick<AuthenticateDeps, 'providers'>,
  credentials: Credentials,
  maxAgeMs?: number,
): Promise<{ identity: Identity; provider: string }> {
  for (const provider of providers) {
    const identity = await provider.identify(credentials, maxAgeMs);
    if (identity !== undefined) return { identity, provider: provider.name };
  }
  throw new AuthError('not_signed_in');
}
