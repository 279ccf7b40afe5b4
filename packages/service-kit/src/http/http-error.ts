import { STATUS_CODES } from 'node:http';
import type { Problem } from '@romm-netplay/protocol';

/** A refusal on its way out as problem+json: `code` for programs, `detail` for people. */
export class HttpError extends Error {
  readonly status: number;
  readonly code: string;
  /** For the Retry-After header (RFC 9110 section 10.2.3). */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    status: number,
    code: string,
    detail: string,
    { retryAfterSeconds, ...options }: { cause?: unknown; retryAfterSeconds?: number | undefined } = {},
  ) {
    super(detail, options);
    this.name = 'HttpError';
    this.status = status;
    this.code = code;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

export const PROBLEM_JSON = 'application/problem+json';

export function toProblem(error: HttpError, requestId?: string): Problem {
  return {
    type: 'about:blank',
    title: STATUS_CODES[error.status] ?? 'Error',
    status: error.status,
    code: error.code,
    detail: error.message,
    ...(requestId !== undefined && { request_id: requestId }),
  };
}
