import type { PublicJwk } from '@romm-netplay/token-core';
import type { RingKey } from './key-ring.js';

/** A key as it is kept: its private half is sealed. */
export interface StoredKey extends RingKey {
  readonly publicJwk: PublicJwk;
  /** Ciphertext of the PKCS#8 PEM; see KeyCipher. */
  readonly sealedPrivateKey: string;
  /** Names the key-encryption key that opens it. */
  readonly encryptionKeyId: string;
}

export interface KeyStoreTransaction {
  list(): Promise<StoredKey[]>;
  insert(key: StoredKey): Promise<void>;
  update(kid: string, changes: Partial<Omit<StoredKey, 'kid'>>): Promise<void>;
  remove(kid: string): Promise<void>;
}

/** Where the issuer's keys are kept, shared by its replicas. */
export interface KeyStore {
  list(): Promise<StoredKey[]>;
  /**
   * Runs `work` while no other replica runs one: all of it takes effect, or nothing. This is what makes
   * exactly one replica rotate.
   */
  exclusively<T>(work: (transaction: KeyStoreTransaction) => Promise<T>): Promise<T>;
}

/** Seals private keys for the store (AES-256-GCM). */
export interface KeyCipher {
  /** Names the key-encryption key that seals. */
  readonly encryptionKeyId: string;
  /** `context` is bound to the ciphertext: sealed for one key, it does not open as another. */
  seal(plaintext: string, context: string): string;
  /** @throws Error when no known key-encryption key has this id, or the ciphertext was altered */
  open(sealed: string, encryptionKeyId: string, context: string): string;
}
