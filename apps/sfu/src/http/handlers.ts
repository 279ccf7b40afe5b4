import type { IncomingHttpHeaders } from 'node:http';
import type { RoomMap } from '@romm-netplay/protocol';
import type { SFU_API } from '@romm-netplay/protocol/sfu-api';
import {
  bearerOf,
  checkReadiness,
  type ComponentCheck,
  type Handlers,
  HttpError,
} from '@romm-netplay/service-kit';
import type { RoomRegistry } from '@romm-netplay/shared-state';
import type { TokenVerifier } from '@romm-netplay/token-core';
import { listRooms } from '../rooms/list-rooms.js';
import { resolveRoom } from '../rooms/resolve-room.js';
import { cookieToken } from '../tokens/shown-token.js';
import type { TokenPolicy } from '../tokens/token-policy.js';

export interface HandlersDeps {
  readonly registry: RoomRegistry;
  readonly verifier: TokenVerifier;
  readonly policy: TokenPolicy;
  readonly allowQueryToken: boolean;
  readonly checks: Readonly<Record<string, ComponentCheck>>;
  readonly warnings: readonly string[];
  readonly onComponentDown: (component: string, error: unknown) => void;
}

export function createHandlers(deps: HandlersDeps): Handlers<typeof SFU_API> {
  async function assertPlayer(headers: IncomingHttpHeaders, queryToken: string | undefined): Promise<void> {
    const token =
      bearerOf(headers.authorization) ??
      cookieToken(headers) ??
      (deps.allowQueryToken ? queryToken : undefined);
    if (token === undefined) {
      throw new HttpError(
        401,
        'token_missing',
        'Send a read token as Authorization: Bearer, or as cookie romm_sfu_token.',
      );
    }
    await deps.verifier.verify(token, deps.policy.identity);
  }

  return {
    async listRooms({ headers, query }) {
      await assertPlayer(headers, query.token);
      const rooms = await listRooms(deps, { gameId: query.game_id });
      const body: RoomMap = Object.fromEntries(rooms.map((room) => [room.room_name, room]));
      return { body };
    },

    async resolveRoom({ headers, query }) {
      await assertPlayer(headers, query.token);
      const { room_name: name, url, nodeId } = await resolveRoom(deps, query.room ?? query.room_name ?? '');
      return { body: { room_name: name, url, nodeId } };
    },

    health: () => ({ body: { status: 'ok' } }),

    async readiness() {
      const body = await checkReadiness(deps.checks, deps.warnings, deps.onComponentDown);
      return { body, status: body.status === 'ready' ? 200 : 503 };
    },
  };
}
