import { hashPassword } from '@romm-netplay/service-kit';
import { newPassword } from './password.js';
import { updateAccount, type UpdateAccountDeps } from './update-account.js';

/** Gives an account a new password, which is answered once; its sessions end. @throws AuthError user_not_found */
export async function resetPassword(deps: UpdateAccountDeps, username: string): Promise<string> {
  const password = newPassword();
  await updateAccount(deps, { username, changes: { passwordHash: await hashPassword(password) } });
  return password;
}
