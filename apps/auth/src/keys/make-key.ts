import { exportSigningKey, generateSigningKey } from '@romm-netplay/token-core';
import type { KeyManagementDeps } from './key-management.js';
import { plannedStartMs } from './key-ring.js';
import type { KeyStoreTransaction, StoredKey } from './key-store.js';

/** Makes a key, seals it and puts it into the ring, to sign as soon as the ring allows. */
export async function makeKey(
  { cipher, policy, alg, rsaBits, now }: KeyManagementDeps,
  transaction: KeyStoreTransaction,
): Promise<StoredKey> {
  const ring = await transaction.list();
  const { kid, publicJwk, ...pair } = await generateSigningKey(alg, rsaBits);
  const nowMs = now();
  const key: StoredKey = {
    kid,
    alg,
    publicJwk,
    sealedPrivateKey: cipher.seal(exportSigningKey({ kid, publicJwk, ...pair }), sealContext(kid)),
    encryptionKeyId: cipher.encryptionKeyId,
    createdAtMs: nowMs,
    signsFromMs: plannedStartMs(ring, nowMs, policy),
    withdrawnAtMs: null,
  };
  await transaction.insert(key);
  return key;
}

/** What a sealed private key is bound to, so that no row's ciphertext opens in another row. */
export const sealContext = (kid: string): string => `signing-key:${kid}`;
