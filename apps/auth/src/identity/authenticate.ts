import type { Subject } from '@romm-netplay/token-core';
import { AuthError } from '../errors.js';
import type { Credentials, IdentityProvider } from '../ports.js';

/**
 * Asks the configured providers in turn who the caller is.
 * @throws AuthError not_signed_in
 */
export async function authenticate(
  { providers }: { readonly providers: readonly IdentityProvider[] },
  credentials: Credentials,
): Promise<Subject> {
  for (const provider of providers) {
    const subject = await provider.identify(credentials);
    if (subject !== undefined) return subject;
  }
  throw new AuthError('not_signed_in');
}
