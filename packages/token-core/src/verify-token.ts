import jwt from 'jsonwebtoken';
import { type ClaimsOf, type TokenType, isJti, isRole, isTokenType } from './claims.js';
import { TokenError } from './errors.js';
import type { TrustedIssuers } from './key-set.js';
import type { VerificationKey } from './keys.js';
import { parseToken, type TokenTyp } from './parse-token.js';

export const DEFAULT_CLOCK_SKEW_SECONDS = 5;
/** The most any verifier may be configured to allow; keys stay published for that long after `exp`. */
export const MAX_CLOCK_SKEW_SECONDS = 30;
const MAX_SUBJECT_LENGTH = 255;
const MAX_NAME_LENGTH = 255;
const MAX_SESSION_ID_LENGTH = 64;

export interface TokenVerifierOptions {
  readonly trustedIssuers: TrustedIssuers;
  /** The issuer URL of this instance; a token for another one is refused. */
  readonly audience: string;
  readonly clockSkewSeconds?: number;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

export interface TokenVerifier {
  /**
   * Checks form, key, signature, issuer, audience, times and type, in that order, and answers the claims.
   * One-time use is not checked here: whoever acts on a write token consumes its `jti` first.
   * @throws TokenError; `keys_unavailable` means "cannot tell now", every other code means "refused".
   */
  verify<T extends TokenType>(token: string, types: readonly T[]): Promise<ClaimsOf<T>>;
}

export function createTokenVerifier(options: TokenVerifierOptions): TokenVerifier {
  const { trustedIssuers, audience, clockSkewSeconds = DEFAULT_CLOCK_SKEW_SECONDS, now = Date.now } = options;
  if (audience === '') throw new TypeError('A verifier needs an audience.');

  return {
    async verify<T extends TokenType>(token: string, types: readonly T[]): Promise<ClaimsOf<T>> {
      const nowSeconds = Math.floor(now() / 1000);
      const claims = await verifySigned(token, 'JWT', trustedIssuers, {
        audience,
        clockTimestamp: nowSeconds,
        clockTolerance: clockSkewSeconds,
      });
      return checkClaims(claims, types, nowSeconds + clockSkewSeconds);
    },
  };
}

interface Expected {
  readonly audience: string;
  /** Seconds since the epoch. */
  readonly clockTimestamp: number;
  readonly clockTolerance: number;
}

/**
 * Checks form, key, signature, issuer, audience and expiry of what any trusted issuer signed; what it says
 * apart from that is the caller's to check. @throws TokenError
 */
export async function verifySigned(
  token: string,
  typ: TokenTyp,
  trustedIssuers: TrustedIssuers,
  expected: Expected,
): Promise<jwt.JwtPayload> {
  const { header, payload } = parseToken(token, typ);
  const issuer = payload['iss'];
  const keys = typeof issuer === 'string' ? trustedIssuers(issuer) : undefined;
  if (keys === undefined) throw new TokenError('token_issuer_untrusted');
  const found = keys.find(header.kid);
  const key = found instanceof Promise ? await found : found;
  if (key === undefined) throw new TokenError('token_key_unknown');
  // The header may only agree with the key: it never chooses the algorithm (RFC 8725 section 3.1).
  if (header.alg !== key.alg) throw new TokenError('token_alg_mismatch');
  const claims = verifySignature(token, key, { issuer: issuer as string, ...expected });
  // The library accepts a list of audiences, one of which is us; a token for several parties could be
  // replayed by any of them.
  if (typeof claims.aud !== 'string') throw new TokenError('token_audience');
  return claims;
}

/** The one place where the JWT library verifies. The key fixes the algorithm. */
function verifySignature(
  token: string,
  key: VerificationKey,
  expected: Expected & { readonly issuer: string },
): jwt.JwtPayload {
  try {
    return jwt.verify(token, key.publicKey, { algorithms: [key.alg], ...expected }) as jwt.JwtPayload;
  } catch (error) {
    throw new TokenError(codeOf(error), { cause: error });
  }
}

/** What the JWT library found wrong. */
export function codeOf(error: unknown): TokenError['code'] {
  if (error instanceof jwt.TokenExpiredError) return 'token_expired';
  if (error instanceof jwt.NotBeforeError) return 'token_not_yet_valid';
  const message = error instanceof Error ? error.message : '';
  if (message.startsWith('jwt audience invalid')) return 'token_audience';
  if (message === 'invalid exp value' || message === 'invalid nbf value') return 'token_time_invalid';
  return 'token_signature';
}

/** @throws TokenError unless the token says when it was issued, no later than `latestIat`, and when it ends. */
export function checkTimes({ iat, exp }: jwt.JwtPayload, latestIat: number): void {
  if (exp === undefined) throw new TokenError('token_exp_missing');
  if (iat === undefined) throw new TokenError('token_iat_missing');
  if (!Number.isSafeInteger(iat) || !Number.isSafeInteger(exp)) throw new TokenError('token_time_invalid');
  if (iat > latestIat) throw new TokenError('token_issued_in_future');
}

/** What the JWT library does not check, and every kind of token has. */
export function checkClaims<T extends TokenType>(
  claims: jwt.JwtPayload,
  types: readonly T[],
  latestIat: number,
): ClaimsOf<T> {
  checkTimes(claims, latestIat);
  const { sub, jti, type, sid, role, socket, netplay_username: name } = claims as Record<string, unknown>;
  if (typeof sub !== 'string' || sub === '' || sub.length > MAX_SUBJECT_LENGTH) {
    throw new TokenError('token_subject_missing');
  }
  if (name !== undefined && (typeof name !== 'string' || name.length > MAX_NAME_LENGTH)) {
    throw new TokenError('token_name_invalid');
  }
  if (!isTokenType(type) || !(types as readonly string[]).includes(type)) throw new TokenError('token_type');
  if ((type === 'sfu:write' || type === 'sfu') && !isJti(jti)) throw new TokenError('token_jti_missing');
  const named = typeof sid === 'string' && sid !== '' && sid.length <= MAX_SESSION_ID_LENGTH;
  if (sid === undefined ? type === 'access' : !named) throw new TokenError('token_session_missing');
  if (type === 'access' && !isRole(role)) throw new TokenError('token_role_invalid');
  if (socket !== undefined && typeof socket !== 'string') throw new TokenError('token_socket_invalid');
  return claims as unknown as ClaimsOf<T>;
}
