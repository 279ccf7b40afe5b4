import type { VerificationKey } from './keys.js';

/**
 * The verification keys of one issuer.
 *
 * `find` answers at once when it can, so that the hot path awaits nothing; it rejects with
 * `keys_unavailable` when the issuer has to be asked and does not answer.
 */
export interface KeySet {
  find(kid: string): VerificationKey | undefined | Promise<VerificationKey | undefined>;
}

/**
 * Which issuers are trusted, and where their keys are. Keys are looked up by (issuer, kid), never by kid
 * alone: a `kid` is the choice of whoever publishes it.
 */
export type TrustedIssuers = (issuer: string) => KeySet | undefined;

/** Keys that are at hand, such as the issuer's own. */
export function createLocalKeySet(keys: readonly VerificationKey[]): KeySet {
  const byKid = new Map(keys.map((key) => [key.kid, key]));
  if (byKid.size !== keys.length) throw new TypeError('Two keys share a kid.');
  return { find: (kid) => byKid.get(kid) };
}

/** Trusts exactly one issuer. */
export const trustOnly =
  (issuer: string, keys: KeySet): TrustedIssuers =>
  (candidate) =>
    candidate === issuer ? keys : undefined;
