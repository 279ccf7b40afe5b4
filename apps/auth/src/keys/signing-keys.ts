import {
  importSigningKey,
  type KeySet,
  type PublicJwk,
  type SigningKey,
  type VerificationKey,
  verificationKeyFromJwk,
} from '@romm-netplay/token-core';
import { AuthError } from '../errors.js';
import type { KeyManagementDeps } from './key-management.js';
import { type KeyRing, publishedKeys, signerOf } from './key-ring.js';
import type { StoredKey } from './key-store.js';
import { sealContext } from './make-key.js';

/** The issuer's keys as one process sees them; `find` makes it the key set of its own verifier. */
export interface SigningKeys extends KeySet {
  /** The key that signs now. @throws AuthError keys_unavailable */
  current(): SigningKey;
  /** What is published now. */
  published(): readonly PublicJwk[];
  /** Follows the store; called regularly, and right after a change made here. Answers the ring. */
  reload(): Promise<KeyRing<StoredKey>>;
}

export type SigningKeysOptions = Pick<KeyManagementDeps, 'store' | 'cipher' | 'policy' | 'now'>;

export function createSigningKeys(options: SigningKeysOptions): SigningKeys {
  const { store, cipher, policy, now } = options;
  let ring: KeyRing<StoredKey> = [];
  let view: { readonly jwks: readonly PublicJwk[]; readonly byKid: ReadonlyMap<string, VerificationKey> } = {
    jwks: [],
    byKid: new Map(),
  };
  /** Private keys that have been opened. */
  const opened = new Map<string, SigningKey>();

  function refreshView(): void {
    const published = publishedKeys(ring, now(), policy);
    const kids = published.map(({ kid }) => kid);
    if (kids.join() === [...view.byKid.keys()].join()) return;
    for (const kid of opened.keys()) if (!kids.includes(kid)) opened.delete(kid);
    view = {
      jwks: published.map(({ publicJwk }) => publicJwk),
      byKid: new Map(
        published.map(({ kid, publicJwk }) => [
          kid,
          view.byKid.get(kid) ?? verificationKeyFromJwk({ ...publicJwk }),
        ]),
      ),
    };
  }

  function open({ kid, alg, sealedPrivateKey, encryptionKeyId }: StoredKey): SigningKey {
    const known = opened.get(kid);
    if (known !== undefined) return known;
    const key = importSigningKey(alg, cipher.open(sealedPrivateKey, encryptionKeyId, sealContext(kid)));
    if (key.kid !== kid) throw new Error('A stored private key does not belong to its kid.');
    opened.set(kid, key);
    return key;
  }

  return {
    current() {
      const signer = signerOf(ring, now());
      if (signer === undefined) throw new AuthError('keys_unavailable');
      return open(signer);
    },
    published: () => view.jwks,
    find: (kid) => view.byKid.get(kid),
    async reload() {
      ring = await store.list();
      refreshView();
      // Opened ahead of time: the first token after a take-over must not wait for it.
      for (const key of publishedKeys(ring, now(), policy).slice(-2)) open(key);
      return ring;
    },
  };
}
