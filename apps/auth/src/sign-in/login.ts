import type { Account } from '../accounts/account-store.js';
import { checkPassword, type CheckPasswordDeps } from '../accounts/check-password.js';
import { identityOf } from '../accounts/local-subject.js';
import { AuthError } from '../errors.js';
import { identify } from '../identity/authenticate.js';
import type { Credentials, IdentityProvider } from '../ports.js';
import { beginSession, type BeginSessionDeps } from '../sessions/begin-session.js';
import { endSessions } from '../sessions/end-sessions.js';
import type { Refreshed } from '../sessions/refresh-session.js';
import type { Session } from '../sessions/session-store.js';

export interface LoginEvent {
  readonly outcome: string;
  readonly provider: string;
  readonly sub?: string;
  /** The name that was tried, of an account here. */
  readonly account?: string;
  readonly address: string;
}

export interface LoginDeps extends CheckPasswordDeps, BeginSessionDeps {
  readonly providers: readonly IdentityProvider[];
  /** Told of every try, for the audit. */
  readonly onLogin: (event: LoginEvent) => void;
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
  const tried = request.account === undefined ? {} : { account: shownName(request.account.username) };
  try {
    const who = await whoIs(deps, request);
    const { identity, provider: name } = who;
    const begun = await beginSession(deps, { identity, provider: name, device });
    if (who.account !== undefined) await assertUnchanged(deps, who.account, begun.session);
    deps.onLogin({ outcome: 'signed_in', provider: who.provider, sub: begun.session.sub, ...tried, address });
    return begun;
  } catch (error) {
    // A page that looks whether somebody is signed in, and a stranger who shows nothing, have tried nothing.
    const isTry = error instanceof AuthError && error.code !== 'not_signed_in';
    if (isTry) deps.onLogin({ outcome: error.code, provider, ...tried, address });
    throw error;
  }
}

/** As it can be read in a log, whatever was typed. */
const shownName = (name: string): string =>
  name
    .normalize('NFKC')
    .replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '')
    .slice(0, 64);

/**
 * Checking a password takes so long that the account may be changed meanwhile. Whoever changes one writes it first
 * and ends its sessions then: either they end this one, or it is seen here. @throws AuthError wrong_credentials
 */
async function assertUnchanged(deps: LoginDeps, account: Account, { id, sub }: Session): Promise<void> {
  const now = await deps.accounts.findById(account.id);
  const isSame =
    now?.enabled === true && now.role === account.role && now.passwordHash === account.passwordHash;
  if (isSame) return;
  await endSessions(deps, { sub, id }, 'account_changed');
  throw new AuthError('wrong_credentials');
}

async function whoIs(deps: LoginDeps, { account, credentials, address }: Login) {
  if (account === undefined) return { ...(await identify(deps, credentials)), account: undefined };
  if (!deps.providers.some(({ name }) => name === 'local')) throw new AuthError('local_accounts_off');
  const found = await checkPassword(deps, { ...account, address });
  return { identity: identityOf(found), provider: 'local', account: found };
}
