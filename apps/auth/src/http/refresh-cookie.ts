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

export function createRefreshCookie(issuer: string, sameSite: SameSite): RefreshCookie {
  const { protocol, pathname } = new URL(issuer);
  const secure = protocol === 'https:';
  // The prefix makes browsers refuse the cookie to whoever is not on https (RFC 6265bis section 4.1.3).
  const name = secure ? `__Secure-${REFRESH_COOKIE}` : REFRESH_COOKIE;
  const path = `${pathname.replace(/\/$/, '')}/api/auth`;
  const attributes = { httpOnly: true, secure, sameSite, path } satisfies SerializeOptions;
  return {
    read: (header) => (header === undefined ? undefined : parseCookie(header)[name]),
    keep: (value) => stringifySetCookie({ name, value, ...attributes, maxAge: REFRESH_TTL_MS / 1000 }),
    clear: () => stringifySetCookie({ name, value: '', ...attributes, maxAge: 0 }),
  };
}
