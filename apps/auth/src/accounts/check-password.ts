import { tryPassword } from '@romm-netplay/service-kit';
import { AuthError } from '../errors.js';
import type { Account, AccountStore } from './account-store.js';
import type { LoginLimits } from './login-limits.js';
import { isPassword } from './password.js';
import { usernameKey } from './username-key.js';

export interface CheckPasswordDeps {
  readonly accounts: AccountStore;
  readonly loginLimits: LoginLimits;
}

export interface PasswordTry {
  readonly username: string;
  readonly password: string;
  readonly address: string;
}

/**
 * Whose password it is. Unknown names and wrong passwords answer alike and take alike long; only who knows
 * the password learns that an account is disabled.
 * @throws AuthError wrong_credentials, account_disabled, too_many_attempts; TooBusyError; StateUnavailableError
 */
export function checkPassword(
  { accounts, loginLimits }: CheckPasswordDeps,
  { username, password, address }: PasswordTry,
): Promise<Account> {
  const key = usernameKey(username);
  return tryPassword(async (verify) => {
    await loginLimits.attempt(key, address);
    const account = await accounts.findByName(username);
    if (!(await isPassword(verify, account?.passwordHash, password)) || account === undefined) {
      throw new AuthError('wrong_credentials');
    }
    if (!account.enabled) throw new AuthError('account_disabled');
    await loginLimits.succeeded(key, address);
    return account;
  });
}
