import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { keyOfRecord, mapOfRooms } from '@romm-netplay/protocol';
import { AUTH_API, INTERNAL_SECRET_HEADER } from '@romm-netplay/protocol/auth-api';
import type { SharedState } from '@romm-netplay/shared-state';
import type { WriteTokenClaims } from '@romm-netplay/token-core';
import { decodeJwt } from 'jose';
import { ISSUER } from './node.js';

/** Auth as a node without Redis sees it (A3): its internal endpoints over a state, and nothing else of it. */
export interface InternalAuth {
  readonly url: string;
  readonly secret: string;
  /** Requests by path. */
  readonly asked: ReadonlyMap<string, number>;
  /** Lists of issuers that were sent in full. */
  readonly fullLists: number;
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

const ok = (body: unknown): Answer => ({ status: 200, body });
const refused = (status: number, code: string): Answer => ({ status, body: { code } });

export async function startInternalAuth(state: SharedState): Promise<InternalAuth> {
  const secret = 'internal-secret';
  const asked = new Map<string, number>();
  let fullLists = 0;

  async function issuers(known: string | null): Promise<Answer> {
    const list = await state.issuers.list();
    if (known === String(list.version)) return ok({ version: list.version });
    fullLists += 1;
    return ok(list);
  }

  /** The node has verified it; whoever is asked here only uses it up. */
  async function consume({ token }: { token: string }): Promise<Answer> {
    const { iss, sub, jti, iat, exp, type } = decodeJwt<WriteTokenClaims>(token) as WriteTokenClaims;
    const use = { issuer: iss, jti, fromMs: iat * 1000, untilMs: exp * 1000 };
    const isFirst = iss === ISSUER ? await state.jtis.consume(jti, sub) : await state.firstUses.claim(use);
    return isFirst ? ok({ sub, netplay_username: null, iss, type }) : refused(401, 'token_used');
  }

  async function answer(path: string, query: URLSearchParams, body: unknown): Promise<Answer> {
    if (path === AUTH_API.listTrustedIssuers.path) return issuers(query.get('version'));
    if (path === AUTH_API.revocations.path) {
      const { sessionRefs, cursor } = await state.revocations.readAfter(query.get('after') ?? undefined);
      return ok({ session_refs: sessionRefs, cursor });
    }
    if (path === AUTH_API.verifyToken.path) return consume(body as { token: string });
    if (path === AUTH_API.upsertRoom.path) {
      return (await state.rooms.upsert(body as never)) === 'stored'
        ? ok({ ok: true })
        : refused(409, 'room_held');
    }
    if (path === AUTH_API.deleteRoom.path) {
      await state.rooms.remove(keyOfRecord(body as { room_name: string }));
      return ok({ ok: true });
    }
    if (path === AUTH_API.resolveRoom.path) {
      const record = await state.rooms.resolve(query.get('key') ?? '');
      return record === undefined ? refused(404, 'room_not_found') : ok(record);
    }
    if (path === AUTH_API.listRooms.path) {
      return ok(mapOfRooms(await state.rooms.list()));
    }
    return refused(404, 'not_found');
  }

  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://auth');
    asked.set(pathname, (asked.get(pathname) ?? 0) + 1);
    const isNode = request.headers[INTERNAL_SECRET_HEADER] === secret;
    void readJson(request)
      .then((body) => (isNode ? answer(pathname, searchParams, body) : refused(401, 'internal_secret_wrong')))
      .then(({ status, body }) =>
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body)),
      )
      .catch(() => response.writeHead(500).end('{}'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  return {
    ...{ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, secret, asked },
    get fullLists() {
      return fullLists;
    },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return chunks.length === 0 ? undefined : JSON.parse(Buffer.concat(chunks).toString());
}
