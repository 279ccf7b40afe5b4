import { INTERNAL_SECRET_HEADER } from '@romm-netplay/protocol/auth-api';
import { StateUnavailableError } from '@romm-netplay/shared-state';
import { readBounded } from '@romm-netplay/token-core';

export interface AuthApiClientOptions {
  /** Base URL of auth as this node reaches it. */
  readonly baseUrl: string;
  readonly secret: string;
  readonly timeoutMs?: number;
  readonly fetch?: typeof fetch;
}

export interface AuthApiAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** Calls auth's internal endpoints (mode A3). */
export interface AuthApiClient {
  /** Answers whatever auth decided; rejects with StateUnavailableError when it decided nothing. */
  get(path: string): Promise<AuthApiAnswer>;
  post(path: string, body: object): Promise<AuthApiAnswer>;
}

/** Enough for a list of 2,000 rooms, and of as many issuers as may be, each with all that it may have. */
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;

export function createAuthApiClient(options: AuthApiClientOptions): AuthApiClient {
  const { baseUrl, secret, timeoutMs = 2_000, fetch: fetchFn = fetch } = options;

  async function call(path: string, init: RequestInit): Promise<AuthApiAnswer> {
    let answer: AuthApiAnswer;
    try {
      const response = await fetchFn(`${baseUrl}${path}`, {
        ...init,
        headers: { [INTERNAL_SECRET_HEADER]: secret, 'content-type': 'application/json' },
        redirect: 'error',
        signal: AbortSignal.timeout(timeoutMs),
      });
      answer = { status: response.status, body: JSON.parse(await readBounded(response, MAX_ANSWER_BYTES)) };
    } catch (cause) {
      throw new StateUnavailableError({ cause });
    }
    if (answer.status >= 500 || answer.status === 429 || codeOf(answer.body) === 'internal_secret_wrong') {
      throw new StateUnavailableError({ cause: new AuthFailure(answer.status, codeOf(answer.body)) });
    }
    return answer;
  }

  return {
    get: (path) => call(path, { method: 'GET' }),
    post: (path, body) => call(path, { method: 'POST', body: JSON.stringify(body) }),
  };
}

/** Auth answered, and decided nothing. */
export class AuthFailure extends Error {
  readonly code: string;

  constructor(status: number, code: string) {
    super(`auth answered ${status} (${code})`);
    this.name = 'AuthFailure';
    this.code = code;
  }
}

/** The `code` of a problem document, or what stands for none. */
export function codeOf(body: unknown): string {
  const code =
    typeof body === 'object' && body !== null ? (body as Record<string, unknown>)['code'] : undefined;
  return typeof code === 'string' ? code : 'no code';
}
