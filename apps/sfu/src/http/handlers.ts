import type { SFU_API } from '@romm-netplay/protocol/sfu-api';
import { checkReadiness, type Components, type Handlers } from '@romm-netplay/service-kit';
import type { RoomRegistry } from '@romm-netplay/shared-state';
import { assertMay, may } from '../guests/assert-may.js';
import type { IceServer } from '../ice/ice-servers.js';
import { resolveRoom, type ResolveRoomDeps } from '../rooms/resolve-room.js';
import type { Player } from '../players/player.js';
import type { TokenPolicy } from '../tokens/token-policy.js';
import { createDoctorHandlers, type DoctorHandlersDeps } from './doctor-handlers.js';
import { createRoomHandlers, type RoomHandlersDeps } from './room-handlers.js';
import { type Asking, whoAsks } from './who-asks.js';

export interface HandlersDeps extends DoctorHandlersDeps, ResolveRoomDeps, RoomHandlersDeps {
  readonly nodeId: string;
  readonly iceServersFor: (playerId: string) => readonly IceServer[];
  readonly announcedIp: string | undefined;
  readonly registry: RoomRegistry;
  readonly policy: TokenPolicy;
  /** Begins to empty the node, or goes on; answers how many rooms are still here. */
  readonly drain: () => number;
  readonly components: Components;
  readonly warnings: readonly string[];
}

export function createHandlers(deps: HandlersDeps): Handlers<typeof SFU_API> {
  const playerWho = async (call: Asking): Promise<Player> =>
    (await whoAsks(deps, call, deps.policy.identity)).identity.player;

  return {
    ...createDoctorHandlers(deps),
    ...createRoomHandlers(deps),

    async resolveRoom(call) {
      const { query } = call;
      const player = await playerWho(call);
      const { game_id, sessionid } = query;
      const reference = { room_name: query.room ?? query.room_name ?? '', game_id, sessionid };
      return { body: await resolveRoom(deps, player, reference) };
    },

    async ice(call) {
      const player = await playerWho(call);
      // Relaying costs: whoever may only look at lists has no use for it.
      if (!may(deps, player, 'rooms:create')) assertMay(deps, player, 'rooms:join');
      const { playerId } = player;
      const { nodeId, url, announcedIp } = deps;
      const iceServers = deps
        .iceServersFor(playerId)
        .map((server) => ({ ...server, urls: [...server.urls] }));
      return { body: { iceServers, nodeId, url, ...(announcedIp !== undefined && { announcedIp }) } };
    },

    drain: () => ({ body: { draining: true, rooms: deps.drain() } }),

    health: () => ({ body: { status: 'ok' } }),

    async readiness() {
      const body = await checkReadiness(deps.components, deps.warnings);
      return { body, status: body.status === 'ready' ? 200 : 503 };
    },
  };
}
