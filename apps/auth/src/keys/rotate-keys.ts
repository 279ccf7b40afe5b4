import { AuthError } from '../errors.js';
import type { KeyManagementDeps } from './key-management.js';
import { forgettableKeys, isRotationDue, pendingKey, publishedKeys } from './key-ring.js';
import type { StoredKey } from './key-store.js';
import { makeKey } from './make-key.js';

/** Verifiers read no more keys than this, and a set of them stays well below what they read in bytes. */
const MAX_PUBLISHED_KEYS = 64;

/**
 * Publishes a successor of the current key when one is due, or at once when asked to (P2.2). Of replicas
 * that try at the same time one does it; the others find it done. While a successor waits for its time, it
 * is the answer.
 * @returns the successor, or undefined when none was due
 * @throws AuthError too_many_keys
 */
export function rotateKeys(
  deps: KeyManagementDeps,
  { when }: { when: 'due' | 'now' },
): Promise<StoredKey | undefined> {
  const { store, policy, now } = deps;
  return store.exclusively(async (transaction) => {
    const ring = await transaction.list();
    const pending = pendingKey(ring, now(), policy);
    if (pending !== undefined) return when === 'now' ? pending : undefined;
    if (when === 'due' && !isRotationDue(ring, now(), policy)) return undefined;
    if (publishedKeys(ring, now(), policy).length >= MAX_PUBLISHED_KEYS) throw new AuthError('too_many_keys');
    for (const { kid } of forgettableKeys(ring, now(), policy)) await transaction.remove(kid);
    return makeKey(deps, transaction);
  });
}
