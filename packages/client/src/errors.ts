import type { SocketErrorBody } from '@romm-netplay/protocol/wire';

/** A request the server refused, or one that got no answer (`connection_closed`, `timeout`). */
export class NetplayError extends Error {
  readonly code: string;
  readonly retryable: boolean;
  /** The WebSocket close code, when the connection ended. */
  readonly closeCode: number | undefined;

  constructor({ code, message, retryable }: SocketErrorBody, closeCode?: number) {
    super(message);
    this.name = 'NetplayError';
    this.code = code;
    this.retryable = retryable;
    this.closeCode = closeCode;
  }
}
