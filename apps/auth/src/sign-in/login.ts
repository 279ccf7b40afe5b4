import { checkPassword, type CheckPasswordDeps } from '../accounts/check-password.js';
import { identityOf } from '../accounts/local-subject.js';
import { AuthError } from '../errors.js';
import { identify } from '../identity/authenticate.js';
import type { Credentials, IdentityProvider } from '../ports.js';
import { beginSession, type BeginSessionDeps } from '../sessions/begin-session.js';
import type { Refreshed } from '../sessions/refresh-session.js';

export interface LoginDeps extends CheckPasswordDeps, BeginSessionDeps {
  readonly providers: readonly IdentityProvider[];
  /** Told of every try, for the audit. */
  readonly onLogin: (event: { outcome: string; provider: string; sub?: string; address: string }) => void;
}

export interface Login {
  /** Of an account here; without it, `credentials` must prove who it is. */
  readonly account: { readonly username: string; readonly password: string } | undefined;
  readonly credentials: Credentials;
  readonly device: string | undefined;
  readonly address: string;
}

/**
 * Begins a session. @throws AuthError wrong_credentials, too_many_attempts, account_disabled, not_signed_in,
 * local_accounts_off, identity_unavailable
 */
export async function login(deps: LoginDeps, request: Login): Promise<Refreshed> {
  const { address, device } = request;
  const provider = request.account === undefined ? 'other' : 'local';
  try {
    const who = await whoIs(deps, request);
    const begun = await beginSession(deps, { ...who, device });
    deps.onLogin({ outcome: 'signed_in', provider: who.provider, sub: begun.session.sub, address });
    return begun;
  } catch (error) {
    if (error instanceof AuthError) deps.onLogin({ outcome: error.code, provider, address });
    throw error;
  }
}

async function whoIs(deps: LoginDeps, { account, credentials, address }: Login) {
  if (account === undefined) return identify(deps, credentials);
  if (!deps.providers.some(({ name }) => name === 'local')) throw new AuthError('local_accounts_off');
  const found = await checkPassword(deps, { ...account, address });
  return { identity: identityOf(found), provider: 'local' };
}
