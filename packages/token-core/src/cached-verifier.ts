import { LRUCache } from 'lru-cache';
import type { ReadTokenClaims, TokenClaims } from './claims.js';
import { DEFAULT_CLOCK_SKEW_SECONDS, type TokenVerifier } from './verify-token.js';

export interface CachedVerifierOptions {
  /** How many verified tokens are remembered; about 1 KB each. */
  readonly maxTokens?: number;
  readonly clockSkewSeconds?: number;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

export interface CachedVerifier extends TokenVerifier {
  /** Forgets every verified token; called when anything is revoked. */
  clear(): void;
}

/**
 * Remembers verified read tokens until they expire (P4.4): a player shows the same one for 15 minutes, and
 * a look-up costs a fraction of a signature check. One-time tokens always take the whole way.
 */
export function createCachedVerifier(
  verifier: TokenVerifier,
  options: CachedVerifierOptions = {},
): CachedVerifier {
  const { maxTokens = 10_000, clockSkewSeconds = DEFAULT_CLOCK_SKEW_SECONDS, now = Date.now } = options;
  const verified = new LRUCache<string, ReadTokenClaims>({ max: maxTokens });

  function remember(token: string, claims: TokenClaims): void {
    if (claims.type === 'sfu:read') verified.set(token, claims);
  }

  const verify: TokenVerifier['verify'] = async (token, types) => {
    const known = verified.get(token);
    if (known !== undefined && (types as readonly string[]).includes('sfu:read')) {
      if (Math.floor(now() / 1000) < known.exp + clockSkewSeconds) return known as never;
      verified.delete(token);
    }
    const claims = await verifier.verify(token, types);
    remember(token, claims);
    return claims;
  };
  return { verify, clear: () => verified.clear() };
}
