import { randomUUID } from 'node:crypto';
import type { RequestListener } from 'node:http';
import cors from 'cors';
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express';
import helmet from 'helmet';
import type { HttpApi } from '@romm-netplay/protocol';
import { createAddressOf } from './client-address.js';
import type { Logger } from '../logger.js';
import { HttpError } from './http-error.js';
import {
  type Authorize,
  type Handler,
  type Handlers,
  type Listener,
  refuse,
  type RefuseOptions,
  serveOperation,
  type ServeOptions,
  type TranslateError,
} from './operations.js';

/** A document served as it is, e.g. a page with its script. */
export interface StaticDocument {
  readonly contentType: string;
  readonly body: string;
}

export interface ApiAppOptions<A extends HttpApi, Caller> {
  readonly api: A;
  readonly handlers: Handlers<A, Caller>;
  /** Documents by path. */
  readonly documents?: Readonly<Record<string, StaticDocument>>;
  /** Other paths of operations and documents, e.g. `{ '/readyz': '/api/readyz' }`. */
  readonly alsoAt?: Readonly<Record<string, string>>;
  /** What serves itself below a path, with headers of its own. */
  readonly mounts?: Readonly<Record<string, RequestListener>>;
  /** Served at /openapi.json. */
  readonly openApi: object;
  readonly translate: TranslateError;
  readonly problemMembers?: RefuseOptions['problemMembers'];
  readonly authorize: Authorize<Caller>;
  /** Addresses or CIDRs whose X-Forwarded-For is believed. */
  readonly trustedProxies: readonly string[];
  /** Origins whose pages may call this service with credentials; exact, never a wildcard. */
  readonly allowedOrigins: readonly string[];
  readonly log: Logger;
  /**
   * Operations answered before Express sees them. Its router costs more than checking a token, so the
   * server-to-server hot path goes around it; the handler is the same.
   */
  readonly hot?: readonly (keyof A)[];
}

/** An HTTP API: every operation of `api`, /openapi.json, and problem+json for everything else. */
export function createApiListener<A extends HttpApi, Caller>(
  options: ApiAppOptions<A, Caller>,
): RequestListener {
  const { api, handlers, authorize, translate, log } = options;
  const serving: ServeOptions<Caller> = {
    translate,
    ...(options.problemMembers && { problemMembers: options.problemMembers }),
    authorize,
    addressOf: createAddressOf(options.trustedProxies),
    newRequestId: randomUUID,
    onUnexpected: (error, requestId) => log.error({ err: error, requestId }, 'request failed'),
  };
  const listeners = Object.entries(api).map(([name, operation]) => {
    const listener = serveOperation(operation, handlers[name] as Handler<typeof operation, Caller>, serving);
    return { name, operation, listener };
  });
  const app = createExpressApp(options, listeners, serving);
  const hot = new Map<string, Listener>(
    listeners
      .filter(({ name }) => options.hot?.includes(name))
      .map(({ operation, listener }) => [`${operation.method.toUpperCase()} ${operation.path}`, listener]),
  );
  return (request, response) => {
    const listener = hot.get(`${request.method} ${request.url}`);
    if (listener === undefined) app(request, response);
    else void listener(request, response);
  };
}

function createExpressApp<A extends HttpApi, Caller>(
  options: ApiAppOptions<A, Caller>,
  listeners: readonly { operation: HttpApi[string]; listener: Listener }[],
  serving: RefuseOptions,
): Express {
  const { allowedOrigins, documents = {}, mounts = {}, openApi, alsoAt = {} } = options;
  const pathsOf = (path: string) => [path, ...(alsoAt[path] === undefined ? [] : [alsoAt[path]])];
  const app = express();
  app.disable('x-powered-by');
  // A proxy that keeps a path from the public compares it as it is written.
  app.set('case sensitive routing', true);
  for (const [path, listener] of Object.entries(mounts)) app.use(path, listener as RequestHandler);
  // Whether other sites of this domain speak TLS is not for this service to decide.
  const contentSecurityPolicy = { directives: { upgradeInsecureRequests: null } };
  app.use(helmet({ strictTransportSecurity: false, contentSecurityPolicy }));
  app.use(cors({ origin: [...allowedOrigins], credentials: true, maxAge: 600 }));
  for (const { operation, listener } of listeners) {
    app[operation.method](
      pathsOf(operation.path),
      (request, response) => void listener(request, response, request.params),
    );
  }
  for (const [path, { contentType, body }] of Object.entries(documents)) {
    app.get(pathsOf(path), (request, response, next) => {
      // What a page links to is relative to it: one level deeper it would be looked for elsewhere.
      if (request.path.length > 1 && request.path.endsWith('/')) next();
      else response.type(contentType).send(body);
    });
  }
  app.get(pathsOf('/openapi.json'), (_request, response) => void response.json(openApi));
  app.use((request, response) => {
    const error = new HttpError(
      404,
      'not_found',
      `There is no ${request.method} here; /openapi.json lists what there is.`,
    );
    refuse(response, error, serving.newRequestId(), serving);
  });
  // Express knows an error handler by its four parameters.
  const onError: ErrorRequestHandler = (error: unknown, _request, response, _next) => {
    refuse(response, refusalOf(error) ?? error, serving.newRequestId(), serving);
  };
  app.use(onError);
  return app;
}

/** What Express and what serves files refuse of a request by themselves: URLs, ranges, conditions. */
function refusalOf(error: unknown): HttpError | undefined {
  const { status } = error as { status?: unknown };
  if (typeof status !== 'number' || status < 400 || status > 499) return undefined;
  if (status === 404) return new HttpError(404, 'not_found', 'There is no such file.');
  const detail = status === 400 ? 'The URL is not valid.' : 'A header of the request cannot be met.';
  return new HttpError(status, 'invalid_request', detail);
}
