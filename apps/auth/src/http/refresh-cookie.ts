import { createHash } from 'node:crypto';
import { parseCookie, type SerializeOptions, stringifySetCookie } from 'cookie';
import { REFRESH_COOKIE } from '@romm-netplay/protocol';
import { REFRESH_TTL_MS } from '../sessions/begin-session.js';

export type SameSite = 'strict' | 'lax' | 'none';

/** The cookie a refresh token travels in: no script reads it, and only the session endpoints get it (S1). */
export interface RefreshCookie {
  read(cookieHeader: string | undefined): string | undefined;
  /** The Set-Cookie header that keeps the token. */
  keep(refreshToken: string): string;
  /** The Set-Cookie header that takes it away. */
  clear(): string;
}

/**
 * Instances that differ by their port alone share the cookies of their host (RFC 6265 section 8.5), so the name
 * says whose it is.
 */
export function refreshCookieName(issuer: string): string {
  const instance = createHash('sha256').update(issuer).digest('hex').slice(0, 8);
  // The prefix makes browsers refuse the cookie to whoever is not on https (RFC 6265bis section 4.1.3).
  const prefix = issuer.startsWith('https:') ? '__Secure-' : '';
  return `${prefix}${REFRESH_COOKIE}_${instance}`;
}

export function createRefreshCookie(issuer: string, sameSite: SameSite): RefreshCookie {
  const { protocol, pathname } = new URL(issuer);
  const secure = protocol === 'https:';
  const name = refreshCookieName(issuer);
  const path = `${pathname.replace(/\/$/, '')}/api/auth`;
  const attributes = { httpOnly: true, secure, sameSite, path } satisfies SerializeOptions;
  return {
    read: (header) => (header === undefined ? undefined : parseCookie(header)[name]),
    keep: (value) => stringifySetCookie({ name, value, ...attributes, maxAge: REFRESH_TTL_MS / 1000 }),
    clear: () => stringifySetCookie({ name, value: '', ...attributes, maxAge: 0 }),
  };
}
