import type { SigningAlg } from '@romm-netplay/token-core';
import type { RotationPolicy } from './key-ring.js';
import type { KeyCipher, KeyStore } from './key-store.js';

/** What changing the issuer's keys needs. */
export interface KeyManagementDeps {
  readonly store: KeyStore;
  readonly cipher: KeyCipher;
  readonly policy: RotationPolicy;
  /** The algorithm of keys that are made from now on. */
  readonly alg: SigningAlg;
  readonly rsaBits: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}
