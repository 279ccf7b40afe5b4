import { createHash, createHmac, randomBytes } from 'node:crypto';

/** 256 random bits, opaque to whoever holds it (RFC 6749 section 1.5). */
export const newRefreshToken = (): string => randomBytes(32).toString('base64url');

/** What is stored of a refresh token. It has 256 random bits, so a fast hash cannot be guessed back. */
export const refreshTokenHash = (token: string): string =>
  createHash('sha256').update(token).digest('base64url');

export const newSuccessorSalt = (): string => randomBytes(32).toString('base64url');

/**
 * The token that follows `token`. Derived, not drawn: racing tabs that show the same token all get the same
 * successor, and so does a client whose answer was lost on the way. Neither half alone tells it, and the
 * salt is handed out by nobody.
 */
export const successorOf = (token: string, salt: string): string =>
  createHmac('sha256', salt).update(token).digest('base64url');

const REFRESH_TOKEN = /^[A-Za-z0-9_-]{43}$/;
export const isRefreshToken = (value: string): boolean => REFRESH_TOKEN.test(value);
