import { AuthError } from '../errors.js';
import { endSessions, type EndSessionsDeps } from '../sessions/end-sessions.js';
import type { Account, AccountChanges, AccountStore } from './account-store.js';
import { subOf } from './local-subject.js';

export interface UpdateAccountDeps extends EndSessionsDeps {
  readonly accounts: AccountStore;
}

/**
 * Changes an account and ends its sessions, so that what it may do changes now and not in 15 minutes.
 * @throws AuthError user_not_found, last_admin
 */
export async function updateAccount(
  deps: UpdateAccountDeps,
  { username, changes }: { username: string; changes: AccountChanges },
): Promise<Account> {
  const account = await deps.accounts.findByName(username);
  if (account === undefined) throw new AuthError('user_not_found');
  await deps.accounts.update(account.id, changes);
  await endSessions(deps, { sub: subOf(account) }, 'account_changed');
  return { ...account, ...changes };
}
