import type { RoomMap } from '@romm-netplay/protocol';
import { AUTH_API } from '@romm-netplay/protocol/auth-api';
import { SUBPROTOCOL } from '@romm-netplay/protocol';
import type { ComponentCheck, Handlers } from '@romm-netplay/service-kit';
import { checkReadiness, entityTag, matchesEntityTag } from '@romm-netplay/service-kit';
import { SIGNING_ALGS } from '@romm-netplay/token-core';
import { AuthError } from '../errors.js';
import type { KeyManagementDeps } from '../keys/key-management.js';
import { listKeys } from '../keys/list-keys.js';
import { reencryptKeys } from '../keys/reencrypt-keys.js';
import { rotateKeys } from '../keys/rotate-keys.js';
import type { SigningKeys } from '../keys/signing-keys.js';
import { withdrawKey } from '../keys/withdraw-key.js';
import { type RoomsDeps, registerRoom } from '../rooms/register-room.js';
import { unregisterRoom } from '../rooms/unregister-room.js';
import { mintToken, type MintTokenDeps } from '../tokens/mint-token.js';
import { verifyToken, type VerifyTokenDeps } from '../tokens/verify-token.js';

export interface HandlersDeps extends MintTokenDeps, VerifyTokenDeps, RoomsDeps {
  readonly keys: SigningKeys;
  readonly keyManagement: KeyManagementDeps;
  /** How long verifiers may use the published set, and then how long a stale one while they renew it. */
  readonly jwksMaxAgeSeconds: number;
  /** Tells the log who changed what. */
  readonly onAdminChange: (event: string, details: Readonly<Record<string, unknown>>) => void;
  readonly checks: Readonly<Record<string, ComponentCheck>>;
  readonly warnings: readonly string[];
  readonly onComponentDown: (component: string, error: unknown) => void;
}

export function createHandlers(deps: HandlersDeps): Handlers<typeof AUTH_API> {
  return {
    async mintToken({ body, headers: { authorization, cookie } }) {
      const credentials = { authorization, cookie };
      const issued = await mintToken(deps, { credentials, tokenType: body.token_type });
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
      };
      return { body, headers: { 'cache-control': `public, max-age=${seconds}` } };
    },

    listKeys: async () => ({ body: { keys: await listKeys(deps.keyManagement) } }),

    async rotateKeys() {
      const next = await rotateKeys(deps.keyManagement, { when: 'now' });
      if (next === undefined) throw new AuthError('keys_unavailable');
      await deps.keys.reload();
      deps.onAdminChange('key.rotated', { kid: next.kid });
      return { body: { kid: next.kid, signs_from: new Date(next.signsFromMs).toISOString() } };
    },

    async withdrawKey({ body: { kid } }) {
      await withdrawKey(deps.keyManagement, kid);
      await deps.keys.reload();
      deps.onAdminChange('key.withdrawn', { kid });
      return { body: { ok: true } };
    },

    async reencryptKeys() {
      const reencrypted = await reencryptKeys(deps.keyManagement);
      deps.onAdminChange('key.reencrypted', { count: reencrypted });
      return { body: { reencrypted } };
    },

    health: () => ({ body: { status: 'ok' } }),

    async readiness() {
      const body = await checkReadiness(deps.checks, deps.warnings, deps.onComponentDown);
      return { body, status: body.status === 'ready' ? 200 : 503 };
    },
  };
}
