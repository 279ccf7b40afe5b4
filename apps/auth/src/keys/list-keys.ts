import type { SigningAlg } from '@romm-netplay/token-core';
import type { KeyManagementDeps } from './key-management.js';
import { type KeyPhase, phaseOf } from './key-ring.js';

export interface ListedKey {
  readonly kid: string;
  readonly alg: SigningAlg;
  readonly phase: KeyPhase;
  /** Times in ISO 8601. */
  readonly createdAt: string;
  readonly signsFrom: string;
  readonly withdrawnAt: string | null;
  readonly encryptionKeyId: string;
}

const iso = (ms: number) => new Date(ms).toISOString();

/** Every key the issuer remembers, in the order in which they sign; no private part. */
export async function listKeys({
  store,
  policy,
  now,
}: Pick<KeyManagementDeps, 'store' | 'policy' | 'now'>): Promise<ListedKey[]> {
  const ring = await store.list();
  return ring.map((key) => ({
    kid: key.kid,
    alg: key.alg,
    phase: phaseOf(ring, key.kid, now(), policy),
    createdAt: iso(key.createdAtMs),
    signsFrom: iso(key.signsFromMs),
    withdrawnAt: key.withdrawnAtMs === null ? null : iso(key.withdrawnAtMs),
    encryptionKeyId: key.encryptionKeyId,
  }));
}
