import type { IncomingHttpHeaders } from 'node:http';
import { HttpError } from '@romm-netplay/service-kit';
import type { TokenType } from '@romm-netplay/token-core';
import {
  type Identified,
  identifyShown,
  shownInCookies,
  shownInHeader,
  type WhoDeps,
} from '../romm/shown.js';

export interface WhoAsksDeps extends WhoDeps {
  readonly allowQueryToken: boolean;
}

export interface Asking {
  readonly headers: IncomingHttpHeaders;
  readonly query: { readonly token?: string | undefined };
  readonly address: string;
}

/**
 * Who asks: by the header, a cookie of a page that may use it, or, where that is allowed, the query (P1.8, D7).
 * @throws HttpError token_missing; what `identifyShown` throws
 */
export async function whoAsks(
  deps: WhoAsksDeps,
  { headers, query, address }: Asking,
  types: readonly TokenType[],
): Promise<Identified> {
  const inHeader = shownInHeader(deps, headers);
  const inCookies = inHeader === undefined ? shownInCookies(deps, headers) : [];
  const inQuery = deps.allowQueryToken && query.token !== undefined ? [{ token: query.token }] : [];
  const shown = inHeader === undefined ? [...inCookies, ...inQuery] : [inHeader];
  if (shown.length > 0 || deps.romm !== undefined) return identifyShown(deps, shown, { types, address });
  throw new HttpError(
    401,
    'token_missing',
    'Send a read token as Authorization: Bearer, or as cookie romm_sfu_token.',
  );
}
