import { SOCKET_ERRORS, type SocketErrorCode } from '@romm-netplay/protocol/wire';
import { TooBusyError } from '@romm-netplay/service-kit';

/** A request on the socket that was refused. The sentence is the protocol's unless a field has to be named. */
export class SocketError extends Error {
  readonly code: SocketErrorCode;
  readonly retryable: boolean;

  constructor(code: SocketErrorCode, options: { message?: string; cause?: unknown } = {}) {
    const { message = SOCKET_ERRORS[code].message, ...rest } = options;
    super(message, rest);
    this.name = 'SocketError';
    this.code = code;
    this.retryable = SOCKET_ERRORS[code].retryable;
  }
}

/** For a `catch`: what has no turn just now may be asked again in a moment. */
export function refuseBusy(error: unknown): never {
  throw error instanceof TooBusyError ? new SocketError('busy', { cause: error }) : error;
}
