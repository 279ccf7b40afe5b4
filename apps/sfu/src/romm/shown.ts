import type { IncomingHttpHeaders } from 'node:http';
import { bearerOf } from '@romm-netplay/service-kit';
import { TokenError, type TokenType } from '@romm-netplay/token-core';
import { SocketError } from '../errors.js';
import type { RommCredential } from '../ports.js';
import { identify, type IdentifyDeps, type Identity } from '../tokens/identify.js';
import { cookieToken } from '../tokens/shown-token.js';
import { rommBearer, rommSession } from './romm-credential.js';
import type { RommSessions } from './romm-sessions.js';

export interface WhoDeps extends IdentifyDeps {
  /** Undefined: only tokens of ours count. */
  readonly romm: RommSessions | undefined;
}

/** What somebody shows of who they are. */
export type Shown = { readonly token: string } | { readonly romm: RommCredential };

/** What the Authorization header shows: a token of ours, or a bearer of RomM's where those count. */
export function shownInHeader(
  { romm }: Pick<WhoDeps, 'romm'>,
  headers: IncomingHttpHeaders,
): Shown | undefined {
  const ofRomm = romm === undefined ? undefined : rommBearer(headers);
  if (ofRomm !== undefined) return { romm: ofRomm };
  const token = bearerOf(headers.authorization);
  return token === undefined ? undefined : { token };
}

/**
 * What cookies show, best first. RomM's session comes before a token, which may be older than it, or put there by
 * another host of the domain. For pages that may use cookies here, which is the caller's to ask.
 */
export function shownInCookies(
  { romm }: Pick<WhoDeps, 'romm'>,
  headers: IncomingHttpHeaders,
): readonly Shown[] {
  const token = cookieToken(headers);
  const session = romm === undefined ? undefined : rommSession(headers);
  return [...(session === undefined ? [] : [{ romm: session }]), ...(token === undefined ? [] : [{ token }])];
}

/** Somebody who could be identified, and the token that it was done with, if it was. */
export interface Identified {
  readonly identity: Identity;
  readonly token: string | undefined;
}

/**
 * Who showed this; the first that is not refused counts.
 * @throws TokenError, SocketError unauthorized, not_signed_in, …; StateUnavailableError
 */
export async function identifyShown(
  deps: WhoDeps,
  [shown, ...others]: readonly Shown[],
  { types, address }: { readonly types: readonly TokenType[]; readonly address: string },
): Promise<Identified> {
  if (shown === undefined) throw new SocketError(deps.romm === undefined ? 'unauthorized' : 'not_signed_in');
  try {
    if ('token' in shown) return { identity: await identify(deps, shown.token, types), token: shown.token };
    if (deps.romm === undefined) throw new SocketError('unauthorized');
    return { identity: await deps.romm.introduce(shown.romm, address), token: undefined };
  } catch (error) {
    if (!isRefused(error) || others.length === 0) throw error;
    return identifyShown(deps, others, { types, address }).catch((later: unknown) => {
      throw isRefused(later) ? error : later;
    });
  }
}

/** Not that nobody can tell just now: then it is not known who it is either. */
const isRefused = (error: unknown): boolean =>
  error instanceof TokenError
    ? error.code !== 'keys_unavailable'
    : error instanceof SocketError && ['not_signed_in', 'kiosk_visitor'].includes(error.code);
