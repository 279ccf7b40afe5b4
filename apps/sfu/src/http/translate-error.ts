import { HttpError } from '@romm-netplay/service-kit';
import { StateUnavailableError } from '@romm-netplay/shared-state';
import { TokenError } from '@romm-netplay/token-core';
import { SocketError } from '../errors.js';

/** The refusals of the use cases that HTTP shares with the socket. */
export function translateError(error: unknown): HttpError | undefined {
  if (error instanceof TokenError) {
    const status = error.code === 'keys_unavailable' ? 503 : 401;
    return new HttpError(status, error.code, error.message, { cause: error });
  }
  if (error instanceof StateUnavailableError) {
    return new HttpError(503, error.code, error.message, { cause: error });
  }
  if (error instanceof SocketError && error.code === 'room_not_found') {
    return new HttpError(404, error.code, error.message, { cause: error });
  }
  return undefined;
}
