import type { KeyManagementDeps } from './key-management.js';
import { sealContext } from './make-key.js';

/**
 * Seals every private key anew under the current key-encryption key, so that a previous one can be thrown
 * away. All or none.
 * @returns how many were sealed under another one
 */
export function reencryptKeys({
  store,
  cipher,
}: Pick<KeyManagementDeps, 'store' | 'cipher'>): Promise<number> {
  return store.exclusively(async (transaction) => {
    const outdated = (await transaction.list()).filter(
      (key) => key.encryptionKeyId !== cipher.encryptionKeyId,
    );
    for (const { kid, sealedPrivateKey, encryptionKeyId } of outdated) {
      const pem = cipher.open(sealedPrivateKey, encryptionKeyId, sealContext(kid));
      await transaction.update(kid, {
        sealedPrivateKey: cipher.seal(pem, sealContext(kid)),
        encryptionKeyId: cipher.encryptionKeyId,
      });
    }
    return outdated.length;
  });
}
