import { AuthError } from '../errors.js';
import { endSessions, type EndSessionsDeps } from '../sessions/end-sessions.js';
import { checkPassword, type CheckPasswordDeps } from './check-password.js';
import { accountIdOf } from './local-subject.js';
import { hashPassword } from '@romm-netplay/service-kit';

export interface PasswordChange {
  readonly sub: string;
  readonly sessionId: string;
  readonly oldPassword: string;
  readonly newPassword: string;
  readonly address: string;
}

/**
 * Changes a player's own password. Every other session ends: whoever knew the old one is out.
 * @throws AuthError no_password_here, wrong_credentials, too_many_attempts
 */
export async function changePassword(
  deps: CheckPasswordDeps & EndSessionsDeps,
  { sub, sessionId, oldPassword, newPassword, address }: PasswordChange,
): Promise<void> {
  const id = accountIdOf(sub);
  const account = id === undefined ? undefined : await deps.accounts.findById(id);
  if (account === undefined) throw new AuthError('no_password_here');
  await checkPassword(deps, { username: account.username, password: oldPassword, address });
  await deps.accounts.update(account.id, { passwordHash: await hashPassword(newPassword) });
  await endSessions(deps, { sub, exceptId: sessionId }, 'password_changed');
}
