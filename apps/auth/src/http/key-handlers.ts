import type { AUTH_API } from '@romm-netplay/protocol/auth-api';
import type { Audit, Handlers } from '@romm-netplay/service-kit';
import { AuthError } from '../errors.js';
import type { KeyManagementDeps } from '../keys/key-management.js';
import { listKeys } from '../keys/list-keys.js';
import { reencryptKeys } from '../keys/reencrypt-keys.js';
import { rotateKeys } from '../keys/rotate-keys.js';
import type { SigningKeys } from '../keys/signing-keys.js';
import { withdrawKey } from '../keys/withdraw-key.js';
import type { Caller } from './server-access.js';

export interface KeyHandlersDeps {
  readonly keys: SigningKeys;
  readonly keyManagement: KeyManagementDeps;
  /** Tells the log who changed what. */
  readonly onAdminChange: Audit;
}

type KeyOperations = 'listKeys' | 'rotateKeys' | 'withdrawKey' | 'reencryptKeys';

/** The signing keys as an administrator manages them (P2.2). */
export function createKeyHandlers(
  deps: KeyHandlersDeps,
): Handlers<Pick<typeof AUTH_API, KeyOperations>, Caller> {
  const { onAdminChange } = deps;
  return {
    listKeys: async () => ({ body: { keys: await listKeys(deps.keyManagement) } }),

    async rotateKeys({ caller: { admin } }) {
      const next = await rotateKeys(deps.keyManagement, { when: 'now' });
      if (next === undefined) throw new AuthError('keys_unavailable');
      await deps.keys.reload();
      onAdminChange('key.rotated', { kid: next.kid, by: admin });
      return { body: { kid: next.kid, signs_from: new Date(next.signsFromMs).toISOString() } };
    },

    async withdrawKey({ body: { kid }, caller: { admin } }) {
      await withdrawKey(deps.keyManagement, kid);
      await deps.keys.reload();
      onAdminChange('key.withdrawn', { kid, by: admin });
      return { body: { ok: true } };
    },

    async reencryptKeys({ caller: { admin } }) {
      const reencrypted = await reencryptKeys(deps.keyManagement);
      onAdminChange('key.reencrypted', { count: reencrypted, by: admin });
      return { body: { reencrypted } };
    },
  };
}
