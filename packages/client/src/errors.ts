import type { SocketErrorBody, SocketErrorCode } from '@romm-netplay/protocol/wire';

/** What the client itself reports; everything else comes from a server with a code of its own. */
const RETRYABLE = {
  unreachable: 'The server cannot be reached; check line, URL and CORS.',
  timeout: 'No answer in time; try again.',
  connection_closed: 'The connection closed; connect again.',
  reconnecting: 'The line is down; the room reconnects.',
  reconnect_failed: 'The line stayed down; join again.',
} as const;
const FINAL = {
  not_signed_in: 'Nobody is signed in; sign in.',
  session_ended: 'The session has ended; sign in again.',
  no_web_socket: 'No WebSocket; install ws or Node 22.',
  bad_response: 'No netplay server; check the URL and the proxy.',
  taken_over: 'Your place went to another tab or device.',
  room_closed: 'The last player left; the room is over.',
  kicked: 'The owner put you out.',
  left: 'You left the room.',
  redirect_refused: 'The own instance announces no such node, or only by http.',
  too_many_redirects: 'Nodes send players in a circle; check each PUBLIC_URL.',
} as const;

export type ClientErrorCode = keyof typeof RETRYABLE | keyof typeof FINAL;
/** Servers may know more codes than this version of the client. */
export type NetplayErrorCode = ClientErrorCode | SocketErrorCode | (string & {});

export interface NetplayErrorDetails {
  /** The WebSocket close code, when a connection ended. */
  readonly closeCode?: number | undefined;
  /** The HTTP status, when a request was refused. */
  readonly status?: number | undefined;
  /** How long the server asked to wait before the next try. */
  readonly retryAfterMs?: number | undefined;
}

/**
 * Everything the client fails with. Has no `cause`: some runtimes quote a refused header, and with it the
 * token, in their messages.
 */
export class NetplayError extends Error {
  readonly code: NetplayErrorCode;
  /** Whether the same call can succeed later without being changed. */
  readonly retryable: boolean;
  readonly closeCode: number | undefined;
  readonly status: number | undefined;
  readonly retryAfterMs: number | undefined;

  constructor({ code, message, retryable }: SocketErrorBody, details: NetplayErrorDetails = {}) {
    super(message);
    this.name = 'NetplayError';
    this.code = code;
    this.retryable = retryable;
    this.closeCode = details.closeCode;
    this.status = details.status;
    this.retryAfterMs = details.retryAfterMs;
  }
}

export interface ClientErrorDetails extends NetplayErrorDetails {
  /** A URL or a request, put before the sentence. */
  readonly about?: string;
  /** In place of the sentence that goes with the code. */
  readonly message?: string | undefined;
  readonly retryable?: boolean;
}

export function clientError(code: ClientErrorCode, details: ClientErrorDetails = {}): NetplayError {
  const { about, retryable = code in RETRYABLE } = details;
  const sentence = details.message ?? { ...RETRYABLE, ...FINAL }[code];
  const message = about === undefined ? sentence : `${about}: ${sentence}`;
  return new NetplayError({ code, message, retryable }, details);
}

/** The code of any error, for decisions on it; '' for what is no NetplayError. */
export const codeOf = (error: unknown): string => (error instanceof NetplayError ? error.code : '');
