import { createHash, timingSafeEqual } from 'node:crypto';

const HASHED = /^sha256:([0-9a-f]{64})$/i;

/**
 * Whether a caller knows a secret, which is configured in clear or as `sha256:` and 64 hex digits. Digests of
 * equal length are compared, in constant time, so that neither content nor length of it can be measured.
 * Undefined when no secret is configured: then nobody knows it.
 */
export function secretCheck(secret: string | undefined): ((shown: string) => boolean) | undefined {
  if (secret === undefined) return undefined;
  const hash = HASHED.exec(secret)?.[1];
  const expected = hash === undefined ? digest(secret) : Buffer.from(hash, 'hex');
  return (shown) => timingSafeEqual(digest(shown), expected);
}

const digest = (value: string) => createHash('sha256').update(value).digest();
