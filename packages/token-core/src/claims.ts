/**
 * The claims of a netplay token (RFC 7519), shared by the issuer and every verifier.
 *
 * `sfu:read` proves identity for 15 minutes and is verified by signature alone. `sfu:write` opens or joins
 * one room within 30 seconds and carries a `jti` that is consumed once. `sfu` is the older single type.
 * `access` speaks for a signed-in session at auth itself (S1); no SFU node takes it.
 */
export const TOKEN_TYPES = ['sfu:read', 'sfu:write', 'sfu', 'access'] as const;
export type TokenType = (typeof TOKEN_TYPES)[number];
/** The types that an SFU node takes. */
export type SfuTokenType = Exclude<TokenType, 'access'>;

/** Lifetimes in seconds (P1.1). */
export const READ_TOKEN_TTL_SECONDS = 900;
export const WRITE_TOKEN_TTL_SECONDS = 30;
export const ACCESS_TOKEN_TTL_SECONDS = 900;

/** What a player may do beyond playing. */
export const ROLES = ['player', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** Who a token speaks for: `sub` is unique only within its issuer (S6). */
export interface Subject {
  readonly sub: string;
  /** The name other players see. */
  readonly netplayUsername?: string;
  /** The signed-in session the token belongs to; it ends with that session. */
  readonly sessionId?: string;
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
  /** Session id (OpenID Connect Front-Channel Logout 1.0, `sid`): revoking the session ends the token. */
  readonly sid?: string;
}

export interface ReadTokenClaims extends CommonClaims {
  readonly type: 'sfu:read';
}

export interface WriteTokenClaims extends CommonClaims {
  readonly type: 'sfu:write';
  /** 32 lower-case hex digits, consumed once. */
  readonly jti: string;
  /** The connection to an SFU node that alone may use it; missing: any of the player's. */
  readonly socket?: string;
}

/** Minted by servers that predate the read/write split; one-time like a write token. */
export interface LegacyTokenClaims extends CommonClaims {
  readonly type: 'sfu';
  readonly jti: string;
}

/** A session's access JWT: who is signed in at auth, for 15 minutes. */
export interface AccessTokenClaims extends CommonClaims {
  readonly type: 'access';
  readonly sid: string;
  readonly role: Role;
}

export type TokenClaims = ReadTokenClaims | WriteTokenClaims | LegacyTokenClaims | AccessTokenClaims;
export type ClaimsOf<T extends TokenType> = Extract<TokenClaims, { type: T }>;

/**
 * What a word from one instance to another says (RFC 7523 style): who speaks, to whom, until when. Single use:
 * whoever takes one records its `jti` first.
 */
export interface AssertionClaims {
  /** Issuer URL of the instance that speaks. */
  readonly iss: string;
  readonly aud: string;
  readonly iat: number;
  readonly exp: number;
  readonly jti: string;
}
export const ASSERTION_TTL_SECONDS = 60;

/**
 * Names a session among those of all issuers (S6): two instances may choose the same id. An issuer URL has no
 * white space, so the first space parts the two.
 */
export const sessionRefOf = ({ iss, sid }: Pick<CommonClaims, 'iss' | 'sid'>): string | undefined =>
  sid === undefined ? undefined : `${iss} ${sid}`;

const JTI = /^[0-9a-f]{32}$/;
export const isJti = (value: unknown): value is string => typeof value === 'string' && JTI.test(value);

export const isRole = (value: unknown): value is Role => (ROLES as readonly unknown[]).includes(value);

export const isTokenType = (value: unknown): value is TokenType =>
  (TOKEN_TYPES as readonly unknown[]).includes(value);
