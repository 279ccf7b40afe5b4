import type { IncomingHttpHeaders } from 'node:http';
import { bearerOf, HttpError } from '@romm-netplay/service-kit';
import { cookieToken } from '../tokens/shown-token.js';

/** The token of a request: of the header, a cookie or, where that is allowed, the query (P1.8, D7). */
export function requiredToken(
  headers: IncomingHttpHeaders,
  queryToken: string | undefined,
  { allowQueryToken }: { readonly allowQueryToken: boolean },
): string {
  const token =
    bearerOf(headers.authorization) ?? cookieToken(headers) ?? (allowQueryToken ? queryToken : undefined);
  if (token !== undefined) return token;
  throw new HttpError(
    401,
    'token_missing',
    'Send a read token as Authorization: Bearer, or as cookie romm_sfu_token.',
  );
}
