import { clientError, NetplayError } from './errors.js';
import type { Runtime } from './runtime.js';
import { timeLimit } from './time-limit.js';

const TIMEOUT_MS = 10_000;
/** Far above the longest room list; what is larger comes from something else. */
export const MAX_ANSWER_CHARS = 4 * 1024 * 1024;
const MAX_DETAIL_CHARS = 300;

/** Whether cookies go to other origins as well. */
export type Cookies = 'same-origin' | 'include';

export interface JsonRequest {
  /** Sent as JSON by POST; without one the request is a GET. */
  readonly body?: object;
  /** Without what is undefined. */
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly authorization?: string | undefined;
  readonly credentials?: Cookies;
}

/** Asks a server for JSON. @throws NetplayError that names the URL without its query, and no token */
export async function requestJson(runtime: Runtime, url: string, request: JsonRequest): Promise<unknown> {
  const response = await send(runtime, url, request);
  const text = await readBounded(response, url);
  const body = parseJson(text);
  if (response.ok && body !== undefined) return body;
  throw refusal(response, url, text, body);
}

/** Something answers at this URL, but not what was asked for. */
export const badResponse = (about: string, what = 'answered something else', status?: number): NetplayError =>
  clientError('bad_response', { message: `${about} ${what}; check the URL and the proxy.`, status });

function send(runtime: Runtime, url: string, request: JsonRequest): Promise<Response> {
  const { body, query = {}, authorization, credentials = 'same-origin' } = request;
  const search = String(new URLSearchParams(JSON.parse(JSON.stringify(query)) as Record<string, string>));
  const init = {
    method: body ? 'POST' : 'GET',
    headers: {
      accept: 'application/json',
      ...(body && { 'content-type': 'application/json' }),
      ...(authorization !== undefined && { authorization }),
    },
    ...(body && { body: JSON.stringify(body) }),
    credentials,
    cache: 'no-store',
    // A password must not be sent on to wherever a redirect leads.
    redirect: 'manual',
    signal: timeLimit(TIMEOUT_MS),
  } as const;
  return runtime.fetch(url + (search && `?${search}`), init).catch(() => {
    throw clientError('unreachable', { about: url });
  });
}

async function readBounded(response: Response, url: string): Promise<string> {
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  let text = '';
  try {
    for (;;) {
      const chunk = await reader?.read();
      if (!chunk || chunk.done) return text;
      text += decoder.decode(chunk.value, { stream: true });
      if (text.length > MAX_ANSWER_CHARS) break;
    }
  } catch {
    throw clientError('unreachable', { about: url });
  }
  void reader?.cancel().catch(() => undefined);
  throw badResponse(url, 'answered more than 4 MB', response.status);
}

/** Undefined for what is no object. */
export function parseJson(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function refusal(response: Response, url: string, text: string, body: object = {}): NetplayError {
  const { status } = response;
  const { code, detail, error } = body as Record<string, unknown>;
  const isHtml = text.trimStart().startsWith('<');
  if (response.type === 'opaqueredirect' || (status >= 300 && status < 400)) {
    return badResponse(url, 'answered a redirect', status);
  }
  if (status < 500 && (response.ok || isHtml)) {
    return badResponse(url, isHtml ? 'answered HTML, not JSON' : 'did not answer JSON', status);
  }
  const said = [detail, error].find((value) => typeof value === 'string');
  const message = isHtml
    ? `${url} answered ${status} with HTML: the proxy is there, the server behind it is not.`
    : (said ?? `${url} answered ${status}.`).slice(0, MAX_DETAIL_CHARS);
  return new NetplayError(
    {
      code: typeof code === 'string' ? code : status < 500 ? `http_${status}` : 'unavailable',
      message,
      retryable: status >= 500 || status === 429,
    },
    { status, retryAfterMs: Number(response.headers.get('retry-after')) * 1_000 || undefined },
  );
}
