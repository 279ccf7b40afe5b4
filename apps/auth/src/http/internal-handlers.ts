import { keyOfRecord, mapOfRooms, writtenRecord } from '@romm-netplay/protocol';
import type { AUTH_API } from '@romm-netplay/protocol/auth-api';
import type { Handlers } from '@romm-netplay/service-kit';
import type { RevocationLog } from '@romm-netplay/shared-state';
import { AuthError } from '../errors.js';
import { type NodesDeps, registerNode, unregisterNode } from '../rooms/register-node.js';
import { registerRoom, type RoomsDeps } from '../rooms/register-room.js';
import { unregisterRoom } from '../rooms/unregister-room.js';
import { mintForNode } from '../tokens/mint-for-node.js';
import type { MintTokenDeps } from '../tokens/mint-token.js';
import { verifyToken, type VerifyTokenDeps } from '../tokens/verify-token.js';
import type { Caller } from './server-access.js';

export interface InternalHandlersDeps extends MintTokenDeps, VerifyTokenDeps, RoomsDeps, NodesDeps {
  readonly revocationLog: RevocationLog;
}

/** A secret of one node is for that node alone, and no other is for it. @throws AuthError node_not_yours */
function assertSpeaksFor(
  { internalSecrets }: Pick<InternalHandlersDeps, 'internalSecrets'>,
  caller: Caller,
  nodeId: string,
): void {
  const mustBe = Object.hasOwn(internalSecrets, nodeId) ? nodeId : undefined;
  if (caller.nodeId !== mustBe) throw new AuthError('node_not_yours');
}

type InternalApi = Pick<
  typeof AUTH_API,
  | 'issueForPlayer'
  | 'verifyToken'
  | 'upsertRoom'
  | 'deleteRoom'
  | 'resolveRoom'
  | 'listRooms'
  | 'upsertNode'
  | 'removeNode'
  | 'listNodes'
  | 'revocations'
>;

/** What SFU servers of this instance ask under the internal secret (P1.6, P1.7). */
export function createInternalHandlers(deps: InternalHandlersDeps): Handlers<InternalApi, Caller> {
  return {
    async issueForPlayer({ body }) {
      const { token_type: tokenType, authorization, romm_session: session, socket } = body;
      const cookie = session === undefined ? undefined : `romm_session=${session}`;
      const maxAgeMs = body.max_age_seconds === undefined ? undefined : body.max_age_seconds * 1000;
      const issued = await mintForNode(deps, {
        credentials: { authorization, cookie },
        tokenType,
        maxAgeMs,
        socket,
      });
      return { body: { token: issued.token, token_type: 'bearer', expires: issued.expiresInSeconds } };
    },

    async verifyToken({ body }) {
      const { sub, netplay_username: name, iss, type } = await verifyToken(deps, body);
      return { body: { sub, netplay_username: name ?? null, iss, type } };
    },

    async upsertRoom({ body, caller }) {
      assertSpeaksFor(deps, caller, body.nodeId);
      await registerRoom(deps, body);
      return { body: { ok: true } };
    },

    async deleteRoom({ body, caller }) {
      const key = keyOfRecord(body);
      // Servers that predate `nodeId` in this call speak for whoever holds the room, as far as they may.
      const nodeId = body.nodeId ?? caller.nodeId ?? (await deps.rooms.resolve(key))?.nodeId;
      if (nodeId !== undefined) assertSpeaksFor(deps, caller, nodeId);
      await unregisterRoom(deps, { key, nodeId });
      return { body: { ok: true } };
    },

    async resolveRoom({ query }) {
      // Servers that know no keys ask by name.
      const [record] =
        query.key === undefined
          ? await deps.rooms.findByName(query.room)
          : [await deps.rooms.resolve(query.key)];
      if (record === undefined) throw new AuthError('room_not_found');
      return { body: writtenRecord(record) };
    },

    async listRooms() {
      return { body: mapOfRooms((await deps.rooms.list()).map(writtenRecord)) };
    },

    async upsertNode({ body, caller }) {
      assertSpeaksFor(deps, caller, body.nodeId);
      await registerNode(deps, body);
      return { body: { ok: true } };
    },

    async removeNode({ body, caller }) {
      assertSpeaksFor(deps, caller, body.nodeId);
      await unregisterNode(deps, body);
      return { body: { ok: true } };
    },

    listNodes: async () => ({ body: { nodes: await deps.nodes.list() } }),

    async revocations({ query: { after } }) {
      const { sessionRefs, cursor } = await deps.revocationLog.readAfter(after);
      return { body: { session_refs: [...sessionRefs], cursor } };
    },
  };
}
