import type { IncomingHttpHeaders } from 'node:http';
import { mapOfRooms, type RoomMap, type RoomRecord, type RoomSnapshot } from '@romm-netplay/protocol';
import type { SFU_API } from '@romm-netplay/protocol/sfu-api';
import type { Handlers } from '@romm-netplay/service-kit';
import { giveUpPlace } from '../rooms/give-up-place.js';
import { listRooms } from '../rooms/list-rooms.js';
import type { RoomDirectory } from '../rooms/room-directory.js';
import { joinReserved, openReserved, type ReservePlaceDeps } from '../rooms/reserve-place.js';
import { anyOf } from '../tokens/token-policy.js';
import { legacyGame, letsWatch, roomExtraOf } from '../socketio/legacy-game.js';
import { identify, type IdentifyDeps } from '../tokens/identify.js';
import { requiredToken } from './required-token.js';

export interface RoomHandlersDeps extends ReservePlaceDeps, IdentifyDeps {
  readonly allowQueryToken: boolean;
}

type RoomHandlers = Pick<Handlers<typeof SFU_API>, 'listRooms' | 'createRoom' | 'joinRoom' | 'leaveRoom'>;

/** The rooms over HTTP, as clients of romm-sfu-server and EmulatorJS know them. */
export function createRoomHandlers(deps: RoomHandlersDeps): RoomHandlers {
  const { policy, directory } = deps;

  /** Any token of a player tells who they are; whether it may open or join is seen when it is used up. */
  async function identifyAny(headers: IncomingHttpHeaders, queryToken: string | undefined) {
    const token = requiredToken(headers, queryToken, deps);
    return { token, absentee: await identify(deps, token, anyOf(policy)) };
  }

  return {
    async listRooms({ headers, query }) {
      const token = requiredToken(headers, query.token, deps);
      const { player } = await identify(deps, token, policy.identity);
      const rooms = await listRooms(deps, player, { gameId: sentByScript(query.game_id) });
      return { body: query.domain === undefined ? mapOfRooms(rooms) : bySession(rooms) };
    },

    async createRoom({ headers, query, body }) {
      const { token, absentee } = await identifyAny(headers, query.token);
      const { room_name: roomName, max_players: maxPlayers, password, visibility, ...extra } = body;
      const { room, resume_token: resumeToken } = await openReserved(deps, absentee, {
        room_name: roomName,
        max_players: maxPlayers,
        ...(password != null && password !== '' && { password }),
        visibility,
        allow_spectators: letsWatch(body),
        extra: roomExtraOf(extra),
        token,
      });
      return { body: { ...entered(directory, room), resume_token: resumeToken } };
    },

    async joinRoom({ headers, query, params, body }) {
      const { token, absentee } = await identifyAny(headers, query.token);
      const { room, resume_token: resumeToken } = await joinReserved(deps, absentee, {
        room_name: params.roomId,
        game_id: query.game_id,
        ...(body.password != null && { password: body.password }),
        spectator: false,
        extra: {},
        token,
      });
      return {
        body: {
          ...entered(directory, room),
          ...(resumeToken !== undefined && { resume_token: resumeToken }),
        },
      };
    },

    async leaveRoom({ headers, query, params }) {
      const { absentee } = await identifyAny(headers, query.token);
      giveUpPlace(deps, absentee.player, params.roomId);
      return { body: { success: true } };
    },
  };
}

/** What pages send for a game they do not know. */
const sentByScript = (gameId: string | undefined): string | undefined =>
  gameId === '' || gameId === 'undefined' || gameId === 'null' ? undefined : gameId;

/**
 * As stock EmulatorJS reads it, which joins by the key: the rooms that somebody can still join. One that no such
 * client opened goes by its name.
 */
const bySession = (rooms: readonly RoomRecord[]): RoomMap =>
  Object.fromEntries(
    rooms
      .filter(({ current, max, locked }) => current < max && locked !== true)
      .reverse()
      .map(({ player_name: owner, ...room }) => [
        typeof room['sessionid'] === 'string' ? room['sessionid'] : room.room_name,
        { ...room, player_name: typeof owner === 'string' ? owner : '' },
      ]),
  );

const entered = ({ nodeId, url }: RoomDirectory, room: RoomSnapshot) => ({
  room_id: room.room_name,
  room: {
    ...legacyGame(room.extra),
    room_name: room.room_name,
    current: room.users.filter(({ slot }) => slot !== null).length,
    max: room.max_players,
    hasPassword: room.has_password,
    nodeId,
    url,
  },
});
