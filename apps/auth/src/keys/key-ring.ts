import type { SigningAlg } from '@romm-netplay/token-core';

/**
 * The signing keys of an issuer over time, as pure functions: nothing here reads a clock or a store.
 *
 * A key is published as soon as it exists (next), signs from `signsFromMs` on (current), stays published
 * until the last token it signed has expired (previous), and is then gone. Everything but the moment a key
 * begins to sign follows from that moment of its successor, so a rotation is one new entry: interrupted
 * anywhere, the ring is the old one or the new one.
 */
export interface RingKey {
  readonly kid: string;
  readonly alg: SigningAlg;
  /** Times in milliseconds since the epoch. */
  readonly createdAtMs: number;
  readonly signsFromMs: number;
  /** Set once a key is compromised: from then on it neither signs nor verifies. */
  readonly withdrawnAtMs: number | null;
}

export type KeyRing<K extends RingKey = RingKey> = readonly K[];

export type KeyPhase = 'next' | 'current' | 'previous' | 'gone';

export interface RotationPolicy {
  /** How long a key signs before its successor takes over. */
  readonly rotationIntervalMs: number;
  /** How long a key is published before it signs: at least as long as verifiers may cache the set. */
  readonly publishLeadMs: number;
  /** How long a key stays published after it last signed: a token's life, skew and clock differences. */
  readonly retainMs: number;
}

/** Usable keys in the order in which they sign. */
const inOrder = <K extends RingKey>(ring: KeyRing<K>): K[] =>
  ring
    .filter(({ withdrawnAtMs }) => withdrawnAtMs === null)
    .sort(
      (a, b) => a.signsFromMs - b.signsFromMs || a.createdAtMs - b.createdAtMs || (a.kid < b.kid ? -1 : 1),
    );

/**
 * The key that signs now: the latest whose time has come. When the clock was set back before the first
 * one's time, the first signs: its tokens verify everywhere, and signing nothing would be an outage.
 */
export function signerOf<K extends RingKey>(ring: KeyRing<K>, nowMs: number): K | undefined {
  const keys = inOrder(ring);
  return keys.findLast(({ signsFromMs }) => signsFromMs <= nowMs) ?? keys[0];
}

/** The keys that verify now, in the order in which they sign. */
export function publishedKeys<K extends RingKey>(
  ring: KeyRing<K>,
  nowMs: number,
  policy: RotationPolicy,
): K[] {
  const keys = inOrder(ring);
  return keys.filter((_key, index) => {
    const successor = keys[index + 1];
    return successor === undefined || nowMs < successor.signsFromMs + policy.retainMs;
  });
}

export function phaseOf(ring: KeyRing, kid: string, nowMs: number, policy: RotationPolicy): KeyPhase {
  const key = publishedKeys(ring, nowMs, policy).find((published) => published.kid === kid);
  if (key === undefined) return 'gone';
  const signer = signerOf(ring, nowMs);
  if (signer?.kid === kid) return 'current';
  return signer !== undefined && key.signsFromMs > signer.signsFromMs ? 'next' : 'previous';
}

/** The key that takes over next, if it is already published and its time is near. */
export function pendingKey<K extends RingKey>(
  ring: KeyRing<K>,
  nowMs: number,
  policy: RotationPolicy,
): K | undefined {
  // A key further off than a rotation ever plans was planned by a clock that ran ahead; it is not waited for.
  return inOrder(ring).find(
    ({ signsFromMs }) => signsFromMs > nowMs && signsFromMs <= nowMs + policy.publishLeadMs,
  );
}

/** Whether it is time to publish a successor. */
export function isRotationDue(ring: KeyRing, nowMs: number, policy: RotationPolicy): boolean {
  const signer = signerOf(ring, nowMs);
  if (signer === undefined) return true;
  if (pendingKey(ring, nowMs, policy) !== undefined) return false;
  return nowMs >= signer.signsFromMs + policy.rotationIntervalMs - policy.publishLeadMs;
}

/** When a key that is made now begins to sign: after the lead, or at once when no other could. */
export function plannedStartMs(ring: KeyRing, nowMs: number, policy: RotationPolicy): number {
  return signerOf(ring, nowMs) === undefined ? nowMs : nowMs + policy.publishLeadMs;
}

/** Ends a compromised key at once. */
export function withdrawn<K extends RingKey>(ring: KeyRing<K>, kid: string, nowMs: number): KeyRing<K> {
  return ring.map((key) =>
    key.kid === kid && key.withdrawnAtMs === null ? { ...key, withdrawnAtMs: nowMs } : key,
  );
}

/** Keys that ended this long ago are deleted; until then a clock that was set back finds them again. */
const FORGET_AFTER_MS = 7 * 24 * 3_600_000;

/** Keys that no clock will need any more. Withdrawn ones stay, so that it is known what happened. */
export function forgettableKeys<K extends RingKey>(
  ring: KeyRing<K>,
  nowMs: number,
  policy: RotationPolicy,
): K[] {
  const published = new Set(publishedKeys(ring, nowMs - FORGET_AFTER_MS, policy).map(({ kid }) => kid));
  return inOrder(ring).filter(({ kid }) => !published.has(kid));
}
