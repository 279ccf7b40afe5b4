import type { AUTH_API } from '@romm-netplay/protocol/auth-api';
import type { Audit, Handlers } from '@romm-netplay/service-kit';
import { AuthError } from '../errors.js';
import type { KeyManagementDeps } from '../keys/key-management.js';
import { reencryptSecrets } from '../keys/instance-secret.js';
import { listKeys } from '../keys/list-keys.js';
import { reencryptKeys } from '../keys/reencrypt-keys.js';
import { rotateKeys } from '../keys/rotate-keys.js';
import type { SecretStore } from '../keys/secret-store.js';
import type { SigningKeys } from '../keys/signing-keys.js';
import { withdrawKey } from '../keys/withdraw-key.js';
import type { Caller } from './server-access.js';

export interface KeyHandlersDeps {
  readonly keys: SigningKeys;
  readonly keyManagement: KeyManagementDeps;
  readonly secrets: SecretStore;
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
      const { cipher } = deps.keyManagement;
      const keys = await reencryptKeys(deps.keyManagement);
      const reencrypted = keys + (await reencryptSecrets({ secrets: deps.secrets, cipher }));
      onAdminChange('key.reencrypted', { count: reencrypted, by: admin });
      return { body: { reencrypted } };
    },
  };
}
