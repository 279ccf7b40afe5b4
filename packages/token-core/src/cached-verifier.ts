import { LRUCache } from 'lru-cache';
import type { ReadTokenClaims, TokenClaims } from './claims.js';
import type { VerificationKey } from './keys.js';
import { parseToken } from './parse-token.js';
import {
  createTokenVerifier,
  DEFAULT_CLOCK_SKEW_SECONDS,
  type TokenVerifier,
  type TokenVerifierOptions,
} from './verify-token.js';

export interface CachedVerifierOptions extends TokenVerifierOptions {
  /** How many verified tokens are remembered; about 1 KB each. */
  readonly maxTokens?: number;
  /** What checks a token that is not remembered; for tests that count. */
  readonly verifier?: TokenVerifier;
}

export interface CachedVerifier extends TokenVerifier {
  /** Forgets every verified token; called when anything is revoked. */
  clear(): void;
}

interface Verified {
  readonly claims: ReadTokenClaims;
  readonly key: VerificationKey;
}

/** Longer ones are checked every time: another instance may fill its tokens up to the limit, and the memory here. */
const MAX_REMEMBERED_LENGTH = 2 * 1024;

/**
 * Remembers verified read tokens until they expire (P4.4): a player shows the same one for 15 minutes, and
 * a look-up costs a fraction of a signature check. A remembered token is good only as long as its issuer is
 * trusted and still publishes the key that signed it. One-time tokens always take the whole way.
 */
export function createCachedVerifier(options: CachedVerifierOptions): CachedVerifier {
  const { trustedIssuers, clockSkewSeconds = DEFAULT_CLOCK_SKEW_SECONDS, now = Date.now } = options;
  const { maxTokens = 10_000, verifier = createTokenVerifier(options) } = options;
  const verified = new LRUCache<string, Verified>({ max: maxTokens });

  const isStillGood = ({ claims, key }: Verified): boolean =>
    Math.floor(now() / 1000) < claims.exp + clockSkewSeconds &&
    trustedIssuers(claims.iss)?.find(key.kid) === key;

  function remember(token: string, claims: TokenClaims): void {
    if (claims.type !== 'sfu:read' || token.length > MAX_REMEMBERED_LENGTH) return;
    const key = trustedIssuers(claims.iss)?.find(parseToken(token).header.kid);
    if (key !== undefined && !(key instanceof Promise)) verified.set(token, { claims, key });
  }

  const verify: TokenVerifier['verify'] = async (token, types) => {
    const known = verified.get(token);
    if (known !== undefined && (types as readonly string[]).includes('sfu:read')) {
      if (isStillGood(known)) return known.claims as never;
      verified.delete(token);
    }
    const claims = await verifier.verify(token, types);
    remember(token, claims);
    return claims;
  };
  return { verify, clear: () => verified.clear() };
}
