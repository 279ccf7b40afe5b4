import type { z } from 'zod';
import type { ZodOpenApiOperationObject, ZodOpenApiPathsObject } from 'zod-openapi';
import { createDocument } from 'zod-openapi';
import { problem } from './problem.js';

/**
 * Who may call an operation: anybody; a player by any credential of the service (`player`), by the access
 * token of a session (`account`) or by its refresh cookie (`session`); this instance's SFU servers; another
 * instance, by an assertion (`peer`); operators.
 */
export type Access = 'public' | 'player' | 'account' | 'session' | 'internal' | 'peer' | 'admin';

/**
 * One HTTP operation: what the router mounts, the handler parses with and the OpenAPI document says.
 * There is no second description of it anywhere.
 */
export interface Operation {
  readonly method: 'get' | 'post' | 'put' | 'delete';
  /** With `:name` for each parameter. */
  readonly path: string;
  readonly summary: string;
  readonly access: Access;
  /** Of the path, one for each `:name` in it. */
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  /** Parsed from the JSON body; an absent body is parsed as `{}`. */
  readonly body?: z.ZodType;
  readonly reply: z.ZodType;
  /** Refusals by status, with the sentence of the document. */
  readonly refusals: Readonly<Record<number, string>>;
  readonly contentType?: string;
}

export type HttpApi = Readonly<Record<string, Operation>>;

const SECURITY = {
  public: [],
  player: [{ bearer: [] }, { cookie: [] }],
  account: [{ bearer: [] }],
  session: [{ refreshCookie: [] }],
  internal: [{ internalSecret: [] }],
  peer: [{ assertion: [] }],
  admin: [{ adminKey: [] }],
} satisfies Record<Access, Record<string, string[]>[]>;

/**
 * Part of the name of the cookie that holds a session's refresh token: `_` and 8 hex digits of the instance follow,
 * and where auth is on https, `__Secure-` comes first.
 */
export const REFRESH_COOKIE = 'netplay_refresh';

export interface DocumentedService {
  readonly title: string;
  readonly version: string;
  /** The cookie that signs a player in. */
  readonly playerCookie: string;
}

/** The OpenAPI 3.1 document of an API, from the schemas the server parses with. */
export function openApiDocument({ title, version, playerCookie }: DocumentedService, api: HttpApi): object {
  const paths: ZodOpenApiPathsObject = {};
  for (const [operationId, operation] of Object.entries(api)) {
    const path = operation.path.replace(/:(\w+)/g, '{$1}');
    paths[path] = {
      ...paths[path],
      [operation.method]: describe(operationId, operation),
    };
  }
  return createDocument({
    openapi: '3.1.0',
    info: { title, version, license: { name: 'MIT', identifier: 'MIT' } },
    paths,
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer' },
        cookie: { type: 'apiKey', in: 'cookie', name: playerCookie },
        refreshCookie: { type: 'apiKey', in: 'cookie', name: REFRESH_COOKIE },
        adminKey: { type: 'http', scheme: 'bearer', description: 'ADMIN_API_KEY of the server.' },
        assertion: {
          type: 'http',
          scheme: 'bearer',
          description:
            'Signed by the calling instance for this one: typ netplay-assertion+jwt, 60 s, single use.',
        },
        internalSecret: { type: 'apiKey', in: 'header', name: 'x-romm-sfu-secret' },
      },
    },
  });
}

function describe(operationId: string, operation: Operation): ZodOpenApiOperationObject {
  const {
    summary,
    access,
    params,
    query,
    body,
    reply,
    refusals,
    contentType = 'application/json',
  } = operation;
  const refused = Object.entries(refusals).map(([status, description]) => [
    status,
    { description, content: { 'application/problem+json': { schema: problem } } },
  ]);
  return {
    operationId,
    summary,
    security: SECURITY[access],
    ...((query ?? params) && { requestParams: { ...(query && { query }), ...(params && { path: params }) } }),
    ...(body && { requestBody: { required: false, content: { 'application/json': { schema: body } } } }),
    responses: {
      '200': { description: 'OK', content: { [contentType]: { schema: reply } } },
      ...(Object.fromEntries(refused) as object),
    },
  };
}
