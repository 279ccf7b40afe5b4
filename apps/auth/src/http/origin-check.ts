import type { IncomingHttpHeaders } from 'node:http';
import { AuthError } from '../errors.js';

/**
 * Whether a request that brings cookies was sent by a page that may use them (CSRF). Browsers name the page's
 * origin on every POST; a program that is no browser names none and has no cookies of somebody else.
 * @throws AuthError origin_refused
 */
export function createOriginCheck({
  issuer,
  allowedOrigins,
}: {
  readonly issuer: string;
  readonly allowedOrigins: readonly string[];
}): (headers: IncomingHttpHeaders) => void {
  const allowed = new Set([...allowedOrigins, new URL(issuer).origin]);
  return ({ origin, host, 'sec-fetch-site': fetchSite }) => {
    const own =
      origin === undefined
        ? fetchSite === undefined || fetchSite === 'same-origin' || fetchSite === 'none'
        : allowed.has(origin) || (URL.canParse(origin) && new URL(origin).host === host);
    if (!own) throw new AuthError('origin_refused');
  };
}
