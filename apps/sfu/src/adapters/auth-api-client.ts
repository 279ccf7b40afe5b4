import { INTERNAL_SECRET_HEADER } from '@romm-netplay/protocol/auth-api';
import { readBounded } from '@romm-netplay/token-core';
import { codeOf, refusedByAuth, unavailable, unreachedAuth } from './auth-failure.js';

export interface AuthApiClientOptions {
  /** Base URL of auth as this node reaches it. */
  readonly baseUrl: string;
  readonly secret: string;
  readonly timeoutMs?: number;
  readonly fetch?: typeof fetch;
  /** Told, at each call, of what keeps auth from deciding, and that it decides. */
  readonly onError?: (error: unknown) => void;
  readonly onMended?: () => void;
}

export interface AuthApiAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** Calls auth's internal endpoints (mode A3). */
export interface AuthApiClient {
  /** Answers whatever auth decided; rejects with StateUnavailableError, caused by an AuthFailure, when it decided nothing. */
  get(path: string): Promise<AuthApiAnswer>;
  post(path: string, body: object): Promise<AuthApiAnswer>;
}

/** Enough for a list of 2,000 rooms, and of as many issuers as may be, each with all that it may have. */
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;

export function createAuthApiClient(options: AuthApiClientOptions): AuthApiClient {
  const { baseUrl, secret, timeoutMs = 2_000, fetch: fetchFn = fetch } = options;

  async function exchange(path: string, init: RequestInit): Promise<{ status: number; text: string }> {
    try {
      const response = await fetchFn(`${baseUrl}${path}`, {
        ...init,
        headers: { [INTERNAL_SECRET_HEADER]: secret, 'content-type': 'application/json' },
        // Handed out unfollowed: the secret is for auth alone.
        redirect: 'manual',
        signal: AbortSignal.timeout(timeoutMs),
      });
      return { status: response.status, text: await readBounded(response, MAX_ANSWER_BYTES) };
    } catch (error) {
      throw unavailable(unreachedAuth(error));
    }
  }

  async function call(path: string, init: RequestInit): Promise<AuthApiAnswer> {
    try {
      const answer = await ask(path, init);
      options.onMended?.();
      return answer;
    } catch (error) {
      options.onError?.(error);
      throw error;
    }
  }

  async function ask(path: string, init: RequestInit): Promise<AuthApiAnswer> {
    const { status, text } = await exchange(path, init);
    const body = jsonOf(text);
    const decides = status < 500 && status !== 429 && codeOf(body) !== 'internal_secret_wrong';
    if (body === undefined || !decides) throw unavailable(refusedByAuth(status, body));
    return { status, body };
  }

  return {
    get: (path) => call(path, { method: 'GET' }),
    post: (path, body) => call(path, { method: 'POST', body: JSON.stringify(body) }),
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
