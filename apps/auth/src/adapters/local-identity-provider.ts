import type { AccountStore } from '../accounts/account-store.js';
import { accountIdOf, identityOf } from '../accounts/local-subject.js';
import type { IdentityProvider } from '../ports.js';

/** Accounts of this instance. They sign in with a password (checkPassword), never by a header. */
export function createLocalIdentityProvider(accounts: AccountStore): IdentityProvider {
  return {
    name: 'local',
    identify: () => Promise.resolve(undefined),
    async renew(sub) {
      const id = accountIdOf(sub);
      const account = id === undefined ? undefined : await accounts.findById(id);
      return account?.enabled === true ? identityOf(account) : undefined;
    },
  };
}
