import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Access, HttpApi, Operation } from '@romm-netplay/protocol';
import type { z } from 'zod';
import { inRequest } from '../request-scope.js';
import { HttpError, PROBLEM_JSON, toProblem } from './http-error.js';
import { readJsonBody } from './json-body.js';

/** What a handler gets: parsed input, who calls and from where; no request object. */
export interface Call<O extends Operation, Caller = undefined> {
  readonly body: O['body'] extends z.ZodType ? z.output<O['body']> : undefined;
  readonly params: O['params'] extends z.ZodType ? z.output<O['params']> : undefined;
  readonly query: O['query'] extends z.ZodType ? z.output<O['query']> : undefined;
  readonly headers: IncomingHttpHeaders;
  /** What `authorize` found out. */
  readonly caller: Caller;
  /** The caller's IP address, as the trusted proxies tell it. */
  readonly address: string;
  readonly requestId: string;
}

export interface Reply<O extends Operation> {
  readonly body: z.input<O['reply']>;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

export type Handler<O extends Operation, Caller = undefined> = (
  call: Call<O, Caller>,
) => Reply<O> | Promise<Reply<O>>;

/** One handler per operation of an API; a missing one does not compile. */
export type Handlers<A extends HttpApi, Caller = undefined> = {
  readonly [K in keyof A]: Handler<A[K], Caller>;
};

/** Refuses, by throwing, callers who may not use an operation; answers what handlers may know of the others. */
export type Authorize<Caller> = (access: Access, headers: IncomingHttpHeaders) => Caller | Promise<Caller>;

/** Maps whatever a use case threw to a refusal; undefined for errors nobody foresaw. */
export type TranslateError = (error: unknown) => HttpError | undefined;

export interface ServeOptions<Caller> extends RefuseOptions {
  /** Asked before anything the caller sent is read. */
  readonly authorize: Authorize<Caller>;
  readonly addressOf: (request: IncomingMessage) => string;
}

export interface RefuseOptions {
  readonly translate: TranslateError;
  /** More members of a problem, for clients that read others than those of RFC 9457. */
  readonly problemMembers?: (error: HttpError) => Readonly<Record<string, unknown>>;
  /** Told of errors nobody foresaw. */
  readonly onUnexpected: (error: unknown, requestId: string) => void;
  readonly newRequestId: () => string;
}

/** An operation bound to its handler, as a plain node:http listener that never rejects. */
export type Listener = (
  request: IncomingMessage,
  response: ServerResponse,
  params?: Readonly<Record<string, unknown>>,
) => Promise<void>;

export function serveOperation<O extends Operation, Caller>(
  operation: O,
  handler: Handler<O, Caller>,
  options: ServeOptions<Caller>,
): Listener {
  async function answer(
    request: IncomingMessage,
    response: ServerResponse,
    params: Readonly<Record<string, unknown>>,
    requestId: string,
  ): Promise<void> {
    try {
      const judged = options.authorize(operation.access, request.headers);
      const caller = judged instanceof Promise ? await judged : judged;
      const call = {
        body: operation.body && parse(operation.body, await readJsonBody(request), 'body'),
        params: operation.params && parse(operation.params, params, 'params'),
        query: operation.query && parse(operation.query, queryOf(request), 'query'),
        headers: request.headers,
        caller,
        get address() {
          return options.addressOf(request);
        },
        requestId,
      } as Call<O, Caller>;
      const reply = await handler(call);
      send(
        response,
        reply.status ?? 200,
        reply.body,
        operation.contentType ?? 'application/json',
        requestId,
        reply.headers,
      );
    } catch (error) {
      refuse(response, error, requestId, options);
    }
  }

  return (request, response, params = {}) => {
    const requestId = options.newRequestId();
    return inRequest(requestId, () => answer(request, response, params, requestId));
  };
}

/** Answers with a problem; an error nobody foresaw leaves as an opaque 500 with the request id. */
export function refuse(
  response: ServerResponse,
  error: unknown,
  requestId: string,
  options: RefuseOptions,
): void {
  let refusal = error instanceof HttpError ? error : options.translate(error);
  if (refusal === undefined) {
    options.onUnexpected(error, requestId);
    refusal = new HttpError(500, 'internal', 'Something failed here; try again. The log has the request id.');
  }
  if (response.headersSent) {
    // In the middle of a file: nothing else can be said than that it is not whole.
    response.destroy();
    return;
  }
  const retryAfter = refusal.retryAfterSeconds ?? (refusal.status === 503 ? 1 : undefined);
  const retry = retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) };
  const problem = { ...toProblem(refusal, requestId), ...options.problemMembers?.(refusal) };
  send(response, refusal.status, problem, PROBLEM_JSON, requestId, retry);
}

function send(
  response: ServerResponse,
  status: number,
  body: unknown,
  contentType: string,
  requestId: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  const common = {
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'x-request-id': requestId,
  };
  if (status === 304) {
    response.writeHead(status, { ...common, ...headers }).end();
    return;
  }
  const text = JSON.stringify(body);
  response.writeHead(status, {
    ...common,
    'content-type': `${contentType}; charset=utf-8`,
    'content-length': Buffer.byteLength(text),
    ...headers,
  });
  response.end(text);
}

function queryOf(request: IncomingMessage): Record<string, string> {
  const url = request.url ?? '/';
  const start = url.indexOf('?');
  return start < 0 ? {} : Object.fromEntries(new URLSearchParams(url.slice(start + 1)));
}

function parse<T extends z.ZodType>(schema: T, value: unknown, where: string): z.output<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = [where, ...(issue?.path ?? [])].join('.');
  throw new HttpError(400, 'invalid_request', `${field}: ${issue?.message ?? 'is not valid'}`);
}
