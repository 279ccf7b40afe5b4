import type { IncomingHttpHeaders } from 'node:http';
import { bearerOf } from './bearer.js';

export interface OwnPageOptions {
  /** Where the service is reached, as configured. */
  readonly ownUrls: readonly string[];
  /** Origins of other pages that may use cookies here; exact. */
  readonly allowedOrigins: readonly string[];
}

/**
 * Whether a request that brings cookies was sent by a page that may use them (CSRF, and cross-site WebSocket
 * hijacking). Browsers name the page's origin on every POST and upgrade, and on the rest say whether it is the
 * same; a program that is no browser names none and has no cookies of somebody else. The scheme counts: what came
 * over http may have been written by anybody on the way.
 */
export type IsOwnPage = (headers: IncomingHttpHeaders) => boolean;

/**
 * Whether a player is known by cookies. A bearer, which then decides alone, is put there by a script that knows it; a
 * cookie comes by itself, also beside what a browser or a proxy puts into Authorization for reasons of its own.
 */
export const cookiesDecide = ({ authorization, cookie }: IncomingHttpHeaders): boolean =>
  cookie !== undefined && bearerOf(authorization) === undefined;

export function createOwnPageCheck({ ownUrls, allowedOrigins }: OwnPageOptions): IsOwnPage {
  const allowed = new Set([...allowedOrigins, ...ownUrls.map((url) => new URL(url).origin)]);
  const configuredHosts = new Set([...allowed].map((origin) => new URL(origin).host));

  /** Reached by a name that nobody configured, such as an address in the LAN. */
  function isOfHost(origin: string, { host, 'x-forwarded-proto': told }: IncomingHttpHeaders): boolean {
    if (host === undefined || configuredHosts.has(host) || !URL.canParse(origin)) return false;
    // No page of another site can send this header without being asked first (CORS).
    const scheme = typeof told === 'string' ? (told.split(',')[0]?.trim() ?? '') : 'http';
    return origin === `${scheme}://${host}`;
  }

  return (headers) => {
    const { origin, 'sec-fetch-site': fetchSite } = headers;
    if (origin !== undefined) return allowed.has(origin) || isOfHost(origin, headers);
    return fetchSite === undefined || fetchSite === 'same-origin' || fetchSite === 'none';
  };
}
