import {
  mapOfRooms,
  namedRoomKey,
  type RoomMap,
  type RoomRecord,
  type RoomSnapshot,
} from '@romm-netplay/protocol';
import type { SFU_API } from '@romm-netplay/protocol/sfu-api';
import type { Handlers } from '@romm-netplay/service-kit';
import { giveUpPlace } from '../rooms/give-up-place.js';
import { listRooms } from '../rooms/list-rooms.js';
import type { RoomDirectory } from '../rooms/room-directory.js';
import { joinReserved, openReserved, type ReservePlaceDeps } from '../rooms/reserve-place.js';
import { anyOf } from '../tokens/token-policy.js';
import { legacyGame, letsWatch, roomExtraOf } from '../socketio/legacy-game.js';
import { type Asking, whoAsks, type WhoAsksDeps } from './who-asks.js';

export type RoomHandlersDeps = ReservePlaceDeps & WhoAsksDeps;

type RoomHandlers = Pick<
  Handlers<typeof SFU_API>,
  'listRooms' | 'listRommRooms' | 'createRoom' | 'joinRoom' | 'leaveRoom'
>;

/** The rooms over HTTP, as clients of romm-sfu-server and EmulatorJS know them. */
export function createRoomHandlers(deps: RoomHandlersDeps): RoomHandlers {
  const { policy, directory } = deps;

  /** Any token of a player tells who they are; whether it may open or join is seen when it is used up. */
  async function identifyAny(call: Asking) {
    const { token, identity: absentee } = await whoAsks(deps, call, anyOf(policy));
    return { token, absentee };
  }

  async function listedFor(call: Asking, gameId: string | undefined): Promise<RoomRecord[]> {
    const { player } = (await whoAsks(deps, call, policy.identity)).identity;
    return listRooms(deps, player, { gameId: sentByScript(gameId) });
  }

  return {
    async listRooms(call) {
      const { game_id: gameId, domain } = call.query;
      const rooms = await listedFor(call, gameId);
      return { body: domain === undefined ? mapOfRooms(rooms) : bySession(rooms) };
    },

    async listRommRooms(call) {
      const rooms = bySession(await listedFor(call, call.query.game_id));
      return {
        body: Object.fromEntries(Object.entries(rooms).map(([key, room]) => [key, asRommLists(room)])),
      };
    },

    async createRoom(call) {
      const { body } = call;
      const { token, absentee } = await identifyAny(call);
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

    async joinRoom(call) {
      const { query, params, body } = call;
      const { token, absentee } = await identifyAny(call);
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

    async leaveRoom(call) {
      const { absentee } = await identifyAny(call);
      giveUpPlace(deps, absentee.player, call.params.roomId);
      return { body: { success: true } };
    },
  };
}

/** What pages send for a game they do not know. */
const sentByScript = (gameId: string | undefined): string | undefined =>
  gameId === '' || gameId === 'undefined' || gameId === 'null' ? undefined : gameId;

/**
 * As stock EmulatorJS reads it, which joins by the key: the rooms that somebody can still join. One that no such
 * client opened is listed under a key that no session id can be.
 */
const bySession = (rooms: readonly RoomRecord[]): RoomMap =>
  Object.fromEntries(
    rooms
      .filter(({ current, max, locked }) => current < max && locked !== true)
      .reverse()
      .map(({ player_name: owner, ...room }) => [
        typeof room['sessionid'] === 'string'
          ? room['sessionid']
          : namedRoomKey(room.room_name, gameOf(room)),
        { ...room, player_name: typeof owner === 'string' ? owner : '' },
      ]),
  );

const gameOf = ({ game_id: gameId }: RoomRecord): string | number | undefined =>
  typeof gameId === 'string' || typeof gameId === 'number' ? gameId : undefined;

/** What RomM's own list tells of a room, and nothing more. */
const asRommLists = ({ room_name, current, max, hasPassword, player_name }: RoomRecord) => ({
  room_name,
  current,
  max,
  player_name: String(player_name),
  hasPassword,
});

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
