import { AuthError } from '../errors.js';
import type { KeyManagementDeps } from './key-management.js';
import { signerOf, withdrawn } from './key-ring.js';
import { makeKey } from './make-key.js';

/**
 * Ends a compromised key: it leaves the published set, and the tokens it signed are refused as soon as
 * verifiers look again. Another published key signs on; when there is none, one is made that signs at once.
 * @throws AuthError key_not_found, key_withdrawn
 */
export function withdrawKey(deps: KeyManagementDeps, kid: string): Promise<void> {
  const { store, now } = deps;
  return store.exclusively(async (transaction) => {
    const ring = await transaction.list();
    const key = ring.find((candidate) => candidate.kid === kid);
    if (key === undefined) throw new AuthError('key_not_found');
    if (key.withdrawnAtMs !== null) throw new AuthError('key_withdrawn');
    await transaction.update(kid, { withdrawnAtMs: now() });
    if (signerOf(withdrawn(ring, kid, now()), now()) === undefined) await makeKey(deps, transaction);
  });
}
