import type { IncomingHttpHeaders } from 'node:http';
import { bearerOf } from '@romm-netplay/service-kit';
import { cookieToken } from '../tokens/shown-token.js';

/** What a Socket.IO client says of itself when it connects. */
export interface Handshake {
  readonly auth: unknown;
  readonly headers: IncomingHttpHeaders;
  readonly query: Readonly<Record<string, unknown>>;
}

const MAX_TOKEN_LENGTH = 8 * 1024;

/** The token a client shows when it connects: in `auth`, a cookie, the Authorization header, the query (P1.8). */
export function handshakeToken(
  { auth, headers, query }: Handshake,
  { allowQueryToken }: { readonly allowQueryToken: boolean },
): string | undefined {
  return (
    tokenIn(auth) ??
    tokenIn((auth as { token?: unknown } | null | undefined)?.token) ??
    cookieToken(headers) ??
    bearerOf(headers.authorization) ??
    (allowQueryToken ? tokenIn(query['token']) : undefined)
  );
}

const tokenIn = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' && value.length <= MAX_TOKEN_LENGTH ? value : undefined;
