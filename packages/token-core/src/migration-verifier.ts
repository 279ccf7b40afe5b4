import jwt from 'jsonwebtoken';
import type { ClaimsOf, TokenClaims, TokenType } from './claims.js';
import { TokenError } from './errors.js';
import { parseHeaderOf } from './parse-token.js';
import { checkClaims, codeOf, DEFAULT_CLOCK_SKEW_SECONDS, type TokenVerifier } from './verify-token.js';

/** Older formats that verify only while an operator is moving away from them (P1.5, P1.12). */
export const MIGRATION_FEATURES = ['hs256', 'sfu-type', 'old-marker', 'read-token-join'] as const;
export type MigrationFeature = (typeof MIGRATION_FEATURES)[number];

/** The issuer of tokens under the shared secret; they name no audience. */
export const HS256_ISSUER = 'romm:sfu';

export interface MigrationVerifierOptions {
  /** The shared secret that still signs HS256 tokens; undefined: they are refused. */
  readonly hs256Secret?: string | undefined;
  readonly clockSkewSeconds?: number;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  /** Told of every token that verified only because of a migration feature. */
  readonly onUse: (feature: MigrationFeature, claims: TokenClaims) => void;
}

/**
 * Lets tokens of the shared-secret scheme through beside those of key pairs. The two never mix: HS256 is
 * checked with the secret only, names no key, and speaks for subjects of its own issuer only.
 */
export function createMigrationVerifier(
  verifier: TokenVerifier,
  options: MigrationVerifierOptions,
): TokenVerifier {
  const { hs256Secret, clockSkewSeconds = DEFAULT_CLOCK_SKEW_SECONDS, now = Date.now, onUse } = options;

  function verifyHs256<T extends TokenType>(token: string, secret: string, types: readonly T[]): ClaimsOf<T> {
    const nowSeconds = Math.floor(now() / 1000);
    let claims: jwt.JwtPayload;
    try {
      claims = jwt.verify(token, secret, {
        algorithms: ['HS256'],
        issuer: HS256_ISSUER,
        clockTimestamp: nowSeconds,
        clockTolerance: clockSkewSeconds,
      }) as jwt.JwtPayload;
    } catch (error) {
      throw new TokenError(codeOf(error), { cause: error });
    }
    return checkClaims(claims, types, nowSeconds + clockSkewSeconds);
  }

  return {
    async verify(token, types) {
      const header = hs256Secret === undefined ? undefined : parseHeaderOf(token);
      const isHs256 = hs256Secret !== undefined && header?.['alg'] === 'HS256';
      if (isHs256) assertPlainHeader(header);
      const claims = isHs256 ? verifyHs256(token, hs256Secret, types) : await verifier.verify(token, types);
      if (isHs256) onUse('hs256', claims);
      const type: TokenType = claims.type;
      if (type === 'sfu') onUse('sfu-type', claims);
      return claims;
    },
  };
}

/** The shared-secret scheme needs no more than these; whatever else a header says would ask for a rule. */
function assertPlainHeader(header: Readonly<Record<string, unknown>>): void {
  if ('crit' in header) throw new TokenError('token_crit');
  if (Object.keys(header).some((member) => member !== 'alg' && member !== 'typ')) {
    throw new TokenError('token_header_invalid');
  }
}
