import type { RoomMap } from '@romm-netplay/protocol';
import type { AUTH_API } from '@romm-netplay/protocol/auth-api';
import type { ComponentCheck, Handlers } from '@romm-netplay/service-kit';
import { checkReadiness } from '@romm-netplay/service-kit';
import type { PublicJwk } from '@romm-netplay/token-core';
import { AuthError } from '../errors.js';
import { type RoomsDeps, registerRoom } from '../rooms/register-room.js';
import { unregisterRoom } from '../rooms/unregister-room.js';
import { mintToken, type MintTokenDeps } from '../tokens/mint-token.js';
import { verifyToken, type VerifyTokenDeps } from '../tokens/verify-token.js';

export interface HandlersDeps extends MintTokenDeps, VerifyTokenDeps, RoomsDeps {
  readonly publicKeys: () => readonly PublicJwk[];
  readonly checks: Readonly<Record<string, ComponentCheck>>;
  readonly warnings: readonly string[];
  readonly onComponentDown: (component: string, error: unknown) => void;
}

/** Verifiers may keep the key set this long. */
const JWKS_MAX_AGE_SECONDS = 300;

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

    jwks() {
      const headers = { 'cache-control': `public, max-age=${JWKS_MAX_AGE_SECONDS}` };
      return { body: { keys: deps.publicKeys().map((key) => ({ ...key })) }, headers };
    },

    health: () => ({ body: { status: 'ok' } }),

    async readiness() {
      const body = await checkReadiness(deps.checks, deps.warnings, deps.onComponentDown);
      return { body, status: body.status === 'ready' ? 200 : 503 };
    },
  };
}
