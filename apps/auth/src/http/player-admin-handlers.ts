import type { AUTH_API } from '@romm-netplay/protocol/auth-api';
import type { Audit, Handlers } from '@romm-netplay/service-kit';
import { createAccount } from '../accounts/create-account.js';
import { deleteAccount } from '../accounts/delete-account.js';
import { subOf } from '../accounts/local-subject.js';
import { resetPassword } from '../accounts/reset-password.js';
import { updateAccount, type UpdateAccountDeps } from '../accounts/update-account.js';
import { AuthError } from '../errors.js';
import type { HeldIdentityStore } from '../identity/held-identities.js';
import { endSessions } from '../sessions/end-sessions.js';
import type { Caller } from './server-access.js';

export interface PlayerAdminHandlersDeps extends UpdateAccountDeps {
  readonly heldIdentities: HeldIdentityStore;
  /** Tells the log who changed what. */
  readonly onAdminChange: Audit;
}

type PlayerAdminOperations =
  | 'listUsers'
  | 'createUser'
  | 'updateUser'
  | 'deleteUser'
  | 'resetPassword'
  | 'signOutPlayer'
  | 'releaseIdentity';

/** Accounts and players as an administrator manages them. */
export function createPlayerAdminHandlers(
  deps: PlayerAdminHandlersDeps,
): Handlers<Pick<typeof AUTH_API, PlayerAdminOperations>, Caller> {
  const { onAdminChange } = deps;
  return {
    async listUsers() {
      const accounts = await deps.accounts.list();
      const users = accounts.map(({ id, username, role, enabled, createdAtMs }) => ({
        username,
        sub: subOf({ id }),
        role,
        enabled,
        created_at: new Date(createdAtMs).toISOString(),
      }));
      return { body: { users } };
    },

    async createUser({ body, caller: { admin } }) {
      const { account, password } = await createAccount(deps, body);
      onAdminChange('user.created', { username: account.username, role: account.role, by: admin });
      return { body: { username: account.username, password } };
    },

    async updateUser({ body: { username, ...given }, caller: { admin } }) {
      const changes = {
        ...(given.enabled !== undefined && { enabled: given.enabled }),
        ...(given.role !== undefined && { role: given.role }),
      };
      await updateAccount(deps, { username, changes });
      onAdminChange('user.updated', { username, ...changes, by: admin });
      return { body: { ok: true } };
    },

    async deleteUser({ body: { username }, caller: { admin } }) {
      const ended = await deleteAccount(deps, username);
      onAdminChange('user.deleted', { username, ended, by: admin });
      return { body: { ended } };
    },

    async resetPassword({ body: { username }, caller: { admin } }) {
      const password = await resetPassword(deps, username);
      onAdminChange('user.password_reset', { username, by: admin });
      return { body: { username, password } };
    },

    async signOutPlayer({ body: { sub }, caller: { admin } }) {
      const ended = await endSessions(deps, { sub }, 'revoked');
      onAdminChange('player.signed_out', { sub, ended, by: admin });
      return { body: { ended } };
    },

    async releaseIdentity({ body: { sub }, caller: { admin } }) {
      if (!(await deps.heldIdentities.release(sub, deps.now()))) throw new AuthError('identity_not_held');
      onAdminChange('player.released', { sub, by: admin });
      return { body: { ok: true } };
    },
  };
}
