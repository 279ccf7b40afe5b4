/**
 * The claims of a netplay token (RFC 7519), shared by the issuer and every verifier.
 *
 * `sfu:read` proves identity for 15 minutes and is verified by signature alone. `sfu:write` opens or joins
 * one room within 30 seconds and carries a `jti` that is consumed once. `sfu` is the older single type.
 */
export const TOKEN_TYPES = ['sfu:read', 'sfu:write', 'sfu'] as const;
export type TokenType = (typeof TOKEN_TYPES)[number];

/** Lifetimes in seconds (P1.1). */
export const READ_TOKEN_TTL_SECONDS = 900;
export const WRITE_TOKEN_TTL_SECONDS = 30;

/** Who a token speaks for: `sub` is unique only within its issuer (S6). */
export interface Subject {
  readonly sub: string;
  /** The name other players see. */
  readonly netplayUsername?: string;
}

interface CommonClaims {
  /** Issuer URL of the instance that minted the token. */
  readonly iss: string;
  readonly sub: string;
  /** Issuer URL of the instance the token is meant for. */
  readonly aud: string;
  /** Seconds since the epoch. */
  readonly iat: number;
  readonly exp: number;
  readonly netplay_username?: string;
}

export interface ReadTokenClaims extends CommonClaims {
  readonly type: 'sfu:read';
}

export interface WriteTokenClaims extends CommonClaims {
  readonly type: 'sfu:write';
  /** 32 lower-case hex digits, consumed once. */
  readonly jti: string;
}

/** Minted by servers that predate the read/write split; one-time like a write token. */
export interface LegacyTokenClaims extends CommonClaims {
  readonly type: 'sfu';
  readonly jti: string;
}

export type TokenClaims = ReadTokenClaims | WriteTokenClaims | LegacyTokenClaims;
export type ClaimsOf<T extends TokenType> = Extract<TokenClaims, { type: T }>;

const JTI = /^[0-9a-f]{32}$/;
export const isJti = (value: unknown): value is string => typeof value === 'string' && JTI.test(value);

export const isTokenType = (value: unknown): value is TokenType =>
  (TOKEN_TYPES as readonly unknown[]).includes(value);
