import {
  type CloseName,
  SOCKET_ERRORS,
  type SocketErrorBody,
  type SocketErrorCode,
} from '@romm-netplay/protocol/wire';
import { StateUnavailableError } from '@romm-netplay/shared-state';
import { TokenError } from '@romm-netplay/token-core';
import { SocketError } from '../errors.js';

/** How an error is told to the client; undefined for errors nobody foresaw. */
export function refusalOf(error: unknown): SocketErrorBody | undefined {
  if (error instanceof SocketError) {
    const { code, message, retryable } = error;
    return { code, message, retryable };
  }
  if (error instanceof TokenError) {
    return { code: error.code, message: error.message, retryable: error.code === 'keys_unavailable' };
  }
  if (error instanceof StateUnavailableError) return standardRefusal('unavailable');
  return undefined;
}

const FAREWELLS: Readonly<Record<string, CloseName>> = {
  token_revoked: 'sessionEnded',
  issuer_not_permitted: 'notAdmitted',
  banned_here: 'notAdmitted',
};

/** How a connection ends on which nobody could be made known. */
export function farewellFor({ code, retryable }: SocketErrorBody): CloseName {
  if (Object.hasOwn(FAREWELLS, code)) return FAREWELLS[code] ?? 'unauthorized';
  return retryable ? 'unavailable' : 'unauthorized';
}

export const standardRefusal = (code: SocketErrorCode): SocketErrorBody => ({ code, ...SOCKET_ERRORS[code] });
