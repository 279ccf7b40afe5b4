/** Nobody answered, or not in time. */
export interface NoAnswer {
  readonly kind: 'none';
  readonly reason: 'dns' | 'refused' | 'tls' | 'timeout' | 'cut';
  /** What the system calls it, e.g. ECONNREFUSED. */
  readonly code: string;
}

export interface HttpAnswer {
  readonly kind: 'answer';
  readonly url: string;
  readonly status: number;
  readonly headers: Headers;
  /** Cut off where it is long. */
  readonly text: string;
  /** Undefined when the text is not JSON. */
  readonly json: Readonly<Record<string, unknown>> | undefined;
  readonly tookMs: number;
  /** By the local clock, in milliseconds since the epoch. */
  readonly receivedAt: number;
}

export type Answer = HttpAnswer | NoAnswer;

/** A proxy answers for a service that it does not reach. */
export const isDead = (answer: Answer): boolean =>
  answer.kind === 'answer' &&
  [502, 503, 504].includes(answer.status) &&
  typeof answer.json?.['code'] !== 'string';

export interface HttpOptions {
  readonly fetch: typeof fetch;
  readonly timeoutMs: number;
  /** Ends everything that is under way. */
  readonly signal: AbortSignal;
  readonly now: () => number;
}

export interface HttpRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export type Http = (url: string, request?: HttpRequest) => Promise<Answer>;

const MAX_BODY_BYTES = 256 * 1024;

/** Asks once: follows no redirect, waits and reads within bounds, never throws. */
export function createHttp({ fetch: fetchFn, timeoutMs, signal, now }: HttpOptions): Http {
  return async (url, request = {}) => {
    const startedAt = performance.now();
    try {
      const response = await fetchFn(url, {
        ...request,
        redirect: 'manual',
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      });
      const receivedAt = now();
      const tookMs = performance.now() - startedAt;
      const text = await readStart(response);
      const { status, headers } = response;
      return { kind: 'answer', url, status, headers, text, json: jsonOf(text), tookMs, receivedAt };
    } catch (error) {
      return noAnswerOf(error);
    }
  };
}

async function readStart(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > MAX_BODY_BYTES) break;
  }
  return Buffer.concat(chunks).subarray(0, MAX_BODY_BYTES).toString();
}

function jsonOf(text: string): HttpAnswer['json'] {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** What kept an answer from coming; of an error of fetch or of a socket. */
export function noAnswerOf(error: unknown): NoAnswer {
  const { code, name } = causeOf(error);
  const reason = (why: NoAnswer['reason']) => ({ kind: 'none', reason: why, code: code ?? name }) as const;
  if (name === 'TimeoutError' || name === 'AbortError') return reason('timeout');
  if (code === undefined) return reason('cut');
  if (/TIMEOUT|ETIMEDOUT/.test(code)) return reason('timeout');
  if (/^(?:ENOTFOUND|EAI_)/.test(code)) return reason('dns');
  if (/^(?:ECONNREFUSED|EHOSTUNREACH|ENETUNREACH)$/.test(code)) return reason('refused');
  if (/CERT|SSL|TLS|SIGNED|VERIFY|EPROTO/.test(code)) return reason('tls');
  return reason('cut');
}

function causeOf(error: unknown): { code: string | undefined; name: string } {
  const { code, name, cause, errors } = error as {
    code?: unknown;
    name?: unknown;
    cause?: unknown;
    errors?: readonly unknown[];
  };
  const inner = cause ?? errors?.[0];
  if (typeof code === 'string') return { code, name: String(name) };
  return inner === undefined || inner === null ? { code: undefined, name: String(name) } : causeOf(inner);
}
