import type { Peers } from '@romm-netplay/peers';
import type { RoomMap } from '@romm-netplay/protocol';
import { AUTH_API } from '@romm-netplay/protocol/auth-api';
import { SUBPROTOCOL } from '@romm-netplay/protocol';
import type { ComponentCheck, Handlers } from '@romm-netplay/service-kit';
import type { NodeRegistry, RevocationLog, RoomRegistry } from '@romm-netplay/shared-state';
import { arrivedOf, checkReadiness, entityTag, matchesEntityTag } from '@romm-netplay/service-kit';
import { SIGNING_ALGS } from '@romm-netplay/token-core';
import { AuthError } from '../errors.js';
import type { ConsentStore } from '../privacy/consent-store.js';
import { type NodesDeps, registerNode } from '../rooms/register-node.js';
import { type RoomsDeps, registerRoom } from '../rooms/register-room.js';
import { unregisterRoom } from '../rooms/unregister-room.js';
import { mintToken, type MintTokenDeps } from '../tokens/mint-token.js';
import { verifyToken, type VerifyTokenDeps } from '../tokens/verify-token.js';
import type { AuthenticatePeerDeps } from '../federation/authenticate-peer.js';
import {
  createFederationAdminHandlers,
  type FederationAdminHandlersDeps,
} from './federation-admin-handlers.js';
import { createIssuerHandlers, type IssuerHandlersDeps } from './issuer-handlers.js';
import { createKeyHandlers, type KeyHandlersDeps } from './key-handlers.js';
import { createPlayerAdminHandlers, type PlayerAdminHandlersDeps } from './player-admin-handlers.js';
import type { Caller } from './server-access.js';
import { createSessionHandlers, type SessionHandlersDeps } from './session-handlers.js';
import { createDiscoveryHandlers, type DiscoveryHandlersDeps } from './discovery-handlers.js';
import { createVisitHandlers, type VisitHandlersDeps } from './visit-handlers.js';

export interface HandlersDeps
  extends
    MintTokenDeps,
    VerifyTokenDeps,
    RoomsDeps,
    NodesDeps,
    SessionHandlersDeps,
    PlayerAdminHandlersDeps,
    KeyHandlersDeps,
    IssuerHandlersDeps,
    FederationAdminHandlersDeps,
    VisitHandlersDeps,
    DiscoveryHandlersDeps,
    AuthenticatePeerDeps {
  readonly peers: Peers;
  readonly consents: ConsentStore;
  readonly rooms: RoomRegistry;
  readonly nodes: NodeRegistry;
  readonly revocationLog: RevocationLog;
  /** How long verifiers may use the published set, and then how long a stale one while they renew it. */
  readonly jwksMaxAgeSeconds: number;
  readonly checks: Readonly<Record<string, ComponentCheck>>;
  readonly warnings: readonly string[];
  readonly onComponentDown: (component: string, error: unknown) => void;
}

export function createHandlers(deps: HandlersDeps): Handlers<typeof AUTH_API, Caller> {
  return {
    ...createSessionHandlers(deps),
    ...createPlayerAdminHandlers(deps),
    ...createKeyHandlers(deps),
    ...createIssuerHandlers(deps),
    ...createFederationAdminHandlers(deps),
    ...createVisitHandlers(deps),
    ...createDiscoveryHandlers(deps),

    async mintToken({ body: { token_type: tokenType, audience }, headers: { authorization, cookie } }) {
      const credentials = { authorization, cookie };
      const issued = await mintToken(deps, { credentials, tokenType, audience });
      return { body: { token: issued.token, token_type: 'bearer', expires: issued.expiresInSeconds } };
    },

    async verifyToken({ body }) {
      const { sub, netplay_username: name, iss, type } = await verifyToken(deps, body);
      return { body: { sub, netplay_username: name ?? null, iss, type } };
    },

    async upsertRoom({ body }) {
      await registerRoom(deps, body);
      return { body: { ok: true } };
    },

    async deleteRoom({ body }) {
      await unregisterRoom(deps, { roomName: body.room_name, nodeId: body.nodeId });
      return { body: { ok: true } };
    },

    async resolveRoom({ query }) {
      const record = await deps.rooms.resolve(query.room);
      if (record === undefined) throw new AuthError('room_not_found');
      return { body: record };
    },

    async listRooms() {
      const records = await deps.rooms.list();
      const body: RoomMap = Object.fromEntries(records.map((record) => [record.room_name, record]));
      return { body };
    },

    async upsertNode({ body }) {
      await registerNode(deps, body);
      return { body: { ok: true } };
    },

    async removeNode({ body: { nodeId, startedAtMs } }) {
      await deps.nodes.remove(nodeId, startedAtMs);
      return { body: { ok: true } };
    },

    listNodes: async () => ({ body: { nodes: await deps.nodes.list() } }),

    async revocations({ query: { after } }) {
      const { sessionRefs, cursor } = await deps.revocationLog.readAfter(after);
      return { body: { session_refs: [...sessionRefs], cursor } };
    },

    jwks({ headers: { 'if-none-match': ifNoneMatch } }) {
      const body = { keys: deps.keys.published().map((key) => ({ ...key })) };
      const etag = entityTag(body);
      const { jwksMaxAgeSeconds: seconds } = deps;
      const headers = {
        etag,
        'cache-control': `public, max-age=${seconds}, stale-while-revalidate=${seconds}`,
      };
      return { body, headers, status: matchesEntityTag(ifNoneMatch, etag) ? 304 : 200 };
    },

    configuration() {
      const { audience: issuer, jwksMaxAgeSeconds: seconds } = deps;
      const body = {
        issuer,
        jwks_uri: `${issuer}${AUTH_API.jwks.path}`,
        token_endpoint: `${issuer}${AUTH_API.mintToken.path}`,
        token_types_supported: ['sfu:read', 'sfu:write'],
        id_token_signing_alg_values_supported: [...SIGNING_ALGS],
        protocol_versions_supported: [SUBPROTOCOL],
        identity_providers_supported: deps.providers.map(({ name }) => name),
      };
      return { body, headers: { 'cache-control': `public, max-age=${seconds}` } };
    },

    doctorEcho: ({ headers }) => ({ body: arrivedOf(headers, deps.now()) }),

    health: () => ({ body: { status: 'ok' } }),

    async readiness() {
      const body = await checkReadiness(deps.checks, warningsOf(deps), deps.onComponentDown);
      return { body, status: body.status === 'ready' ? 200 : 503 };
    },
  };
}

/** What was said at the start, and why nobody of a provider can sign in just now. */
const warningsOf = ({ warnings, providers }: HandlersDeps): string[] => [
  ...warnings,
  ...providers.flatMap((provider) => provider.trouble?.() ?? []),
];
