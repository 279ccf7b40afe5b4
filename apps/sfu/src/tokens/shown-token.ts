import { parseCookie } from 'cookie';
import type { IncomingHttpHeaders } from 'node:http';

const COOKIE_NAMES = ['romm_sfu_token', 'sfu_token'] as const;

/** The token of a cookie, by the names that existing pages set. */
export function cookieToken({ cookie }: IncomingHttpHeaders): string | undefined {
  if (cookie === undefined) return undefined;
  const cookies = parseCookie(cookie);
  return COOKIE_NAMES.map((name) => cookies[name]).find((value) => value !== undefined && value !== '');
}
