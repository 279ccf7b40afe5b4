import type { IncomingHttpHeaders } from 'node:http';
import { type Shown, shownInCookies, shownInHeader, type WhoDeps } from '../romm/shown.js';

/** What a Socket.IO client says of itself when it connects. */
export interface Handshake {
  readonly auth: unknown;
  readonly headers: IncomingHttpHeaders;
  readonly query: Readonly<Record<string, unknown>>;
}

export interface HandshakeOptions extends Pick<WhoDeps, 'romm'> {
  /** Whether the page that sent the cookies may use them. */
  readonly isOwnPage: boolean;
  readonly allowQueryToken: boolean;
}

const MAX_TOKEN_LENGTH = 8 * 1024;

/**
 * What a client shows when it connects: the first of a token in `auth`, cookies, the Authorization header and the
 * query (P1.8). RomM's session is a cookie, and what pages of today have besides is of no use to us.
 */
export function shownInHandshake(
  { auth, headers, query }: Handshake,
  { romm, isOwnPage, allowQueryToken }: HandshakeOptions,
): readonly Shown[] {
  const inAuth = tokenIn(auth) ?? tokenIn((auth as { token?: unknown } | null | undefined)?.token);
  if (inAuth !== undefined) return [{ token: inAuth }];
  const inCookies = isOwnPage ? shownInCookies({ romm }, headers) : [];
  if (inCookies.length > 0) return inCookies;
  const inHeader = shownInHeader({ romm }, headers);
  if (inHeader !== undefined) return [inHeader];
  const inQuery = allowQueryToken ? tokenIn(query['token']) : undefined;
  return inQuery === undefined ? [] : [{ token: inQuery }];
}

const tokenIn = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' && value.length <= MAX_TOKEN_LENGTH ? value : undefined;
