import { AuthError } from '../errors.js';
import { endSessions } from '../sessions/end-sessions.js';
import { subOf } from './local-subject.js';
import type { UpdateAccountDeps } from './update-account.js';

/**
 * Deletes an account and ends its sessions, in this order: who is signing in meanwhile sees that it is gone
 * (`login`). Answers how many there were.
 * @throws AuthError user_not_found, last_admin
 */
export async function deleteAccount(deps: UpdateAccountDeps, username: string): Promise<number> {
  const account = await deps.accounts.findByName(username);
  if (account === undefined) throw new AuthError('user_not_found');
  await deps.accounts.remove(account.id);
  return endSessions(deps, { sub: subOf(account) }, 'account_changed');
}
