import { z } from 'zod';
import { arrived, finding } from './doctor.js';
import { health, readiness } from './health.js';
import type { HttpApi } from './http-api.js';
import { VISIBILITIES } from './messages.js';
import { sessionId } from './metadata.js';
import { roomMap, roomName } from './room-record.js';

const queryToken = z
  .string()
  .max(8 * 1024)
  .optional()
  .describe('Read token; only where SFU_ALLOW_QUERY_TOKEN is on, because URLs end up in logs.');

const NOT_A_PLAYER = {
  401: 'The read token is missing or refused.',
  403: 'The player is a guest whose instance may not do this here, or who is banned.',
  503: 'The token or the registry could not be read just now; try again.',
};

/** A member that does not fit counts as absent: today's clients fill in null and whatever they have. */
const lenient = <T extends z.ZodType>(schema: T) => schema.optional().catch(undefined);

const enteredRoom = z.object({
  room_id: z.string().describe('The name of the room.'),
  room: z.looseObject({
    room_name: z.string(),
    current: z.int(),
    max: z.int(),
    hasPassword: z.boolean(),
    nodeId: z.string(),
    url: z.string(),
  }),
  resume_token: z
    .string()
    .optional()
    .describe('Takes the place on a socket of netplay.v1, without another token.'),
});
const roomId = z.object({ roomId: roomName });
/** Where rooms of several games are called alike. */
const ofGame = z.string().max(255).optional().describe('The game of the room.');

/** The HTTP interface of `apps/sfu`; the socket is in docs/PROTOCOL.md. */
export const SFU_API = {
  listRooms: {
    method: 'get',
    path: '/list',
    summary: 'The rooms a player may see, by name',
    access: 'player',
    query: z.object({
      game_id: z.string().max(255).optional().describe('Only rooms of this game.'),
      domain: z
        .string()
        .max(255)
        .optional()
        .describe(
          'Sent by EmulatorJS: rooms are keyed by its session ids then, and full or locked ones left out. Rooms of every domain are shown.',
        ),
      token: queryToken,
    }),
    reply: roomMap,
    refusals: NOT_A_PLAYER,
  },
  listRommRooms: {
    method: 'get',
    path: '/api/netplay/list',
    summary: "The rooms of a game as RomM's player page asks for them: by session id, without full ones",
    access: 'player',
    query: z.object({ game_id: z.string().max(255).optional(), token: queryToken }),
    reply: z.record(
      z.string(),
      z.object({
        room_name: z.string(),
        current: z.int(),
        max: z.int(),
        player_name: z.string().describe('Of the host.'),
        hasPassword: z.boolean(),
      }),
    ),
    refusals: NOT_A_PLAYER,
  },
  createRoom: {
    method: 'post',
    path: '/create',
    summary: 'Opens a room for the player of a write token, whose place is kept for the grace time',
    access: 'player',
    query: z.object({ token: queryToken }),
    body: z.object({
      room_name: z.preprocess(
        (name) => (typeof name === 'string' ? name : ''),
        z.string().min(1, 'room_name is required').pipe(roomName),
      ),
      max_players: z.coerce.number().int().min(1).max(16).default(4),
      password: z.string().max(128).nullish(),
      game_id: lenient(z.union([z.string().max(255), z.int()])),
      rom_hash: lenient(z.string().max(128)),
      rom_name: lenient(z.string().max(255)),
      core_type: lenient(z.string().max(64)),
      netplay_mode: lenient(z.union([z.int(), z.string().max(32)])).describe(
        '0 live_stream, 1 delay_sync, 2 arcade.',
      ),
      sync_config: z.unknown().optional(),
      allow_spectators: lenient(z.union([z.boolean(), z.int()])).describe(
        'Whether others may watch; false and 0: nobody.',
      ),
      spectator_mode: lenient(z.union([z.boolean(), z.int()])).describe('Another name of allow_spectators.'),
      visibility: lenient(z.enum(VISIBILITIES)).describe('By default SFU_DEFAULT_VISIBILITY of the node.'),
    }),
    reply: enteredRoom,
    refusals: {
      ...NOT_A_PLAYER,
      400: 'The room name is missing or another member is not valid; the token was not used up.',
      409: 'The name is taken, or the node or the player has as many rooms as may be.',
      429: 'Guests of one instance own as many rooms, or entered as many, as they may.',
    },
  },
  joinRoom: {
    method: 'post',
    path: '/join/:roomId',
    summary: 'Takes a place for the player of a write token, and keeps it for the grace time',
    access: 'player',
    params: roomId,
    query: z.object({ token: queryToken, game_id: ofGame }),
    body: z.object({ password: z.string().max(128).nullish() }),
    reply: enteredRoom,
    refusals: {
      ...NOT_A_PLAYER,
      403: 'The password is missing or wrong, the owner lets this player not in, or a guest may not join here.',
      404: 'This node hosts no such room; /resolve says which one does.',
      409: 'The room is full, does not fit the game of the player, or several of this name need a game_id.',
      429: 'Too many wrong passwords, or too many rooms entered by guests of one instance.',
    },
  },
  leaveRoom: {
    method: 'post',
    path: '/leave/:roomId',
    summary: "Gives the player's place in a room up, whoever holds it",
    access: 'player',
    params: roomId,
    query: z.object({ token: queryToken }),
    reply: z.object({ success: z.literal(true) }),
    refusals: NOT_A_PLAYER,
  },
  resolveRoom: {
    method: 'get',
    path: '/resolve',
    summary: 'The node that hosts a room',
    access: 'player',
    query: z
      .object({
        room: roomName.optional(),
        room_name: roomName.optional().describe('Older name of room.'),
        game_id: ofGame,
        sessionid: sessionId.optional().describe('Of a room that stock EmulatorJS opened.'),
        token: queryToken,
      })
      .refine(
        (query) => query.room !== undefined || query.room_name !== undefined,
        'missing room query parameter',
      ),
    reply: z.object({ room_name: z.string(), url: z.string(), nodeId: z.string() }),
    refusals: {
      400: 'The room parameter is missing.',
      404: 'There is no such room.',
      409: 'Several rooms have this name, or the room is on a server that is not allowed here.',
      ...NOT_A_PLAYER,
    },
  },
  ice: {
    method: 'get',
    path: '/ice',
    summary:
      'The STUN and TURN servers for WebRTC, with credentials of this player where they are short-lived',
    access: 'player',
    query: z.object({ token: queryToken }),
    reply: z.object({
      iceServers: z.array(
        z.object({
          urls: z.array(z.string()),
          username: z.string().optional(),
          credential: z.string().optional(),
        }),
      ),
      nodeId: z.string(),
      url: z.string().describe('Where players reach this node.'),
      announcedIp: z.string().optional(),
    }),
    refusals: NOT_A_PLAYER,
  },
  doctorEcho: {
    method: 'get',
    path: '/doctor/echo',
    summary: 'Whether a cookie and an Authorization header of the doctor arrived; repeats nothing else',
    access: 'public',
    reply: z.object({
      ...arrived,
      issuer: z.string().describe('The issuer whose tokens this node takes.'),
      url: z.string().describe('Where this node tells players to find it.'),
      clock_skew_seconds: z.number(),
      identity: z
        .array(z.enum(['tokens', 'romm']))
        .describe('By what players may show who they are: tokens, RomM’s own session.'),
    }),
    refusals: {},
  },
  doctor: {
    method: 'get',
    path: '/doctor',
    summary: 'Looks for faults in the set-up of this node, from its own public URL and from inside',
    access: 'admin',
    reply: z.object({ status: z.enum(['ok', 'warning', 'fault']), findings: z.array(finding) }),
    refusals: {
      401: 'The Authorization header is not Bearer with the ADMIN_API_KEY of this node.',
      503: 'No ADMIN_API_KEY is configured on this node.',
    },
  },
  drain: {
    method: 'post',
    path: '/drain',
    summary: 'Empty this node: nothing new is let in, and its rooms move to other nodes',
    access: 'admin',
    body: z.object({}),
    reply: z.object({ draining: z.literal(true), rooms: z.int().describe('Rooms that are still here.') }),
    refusals: {
      401: 'The Authorization header is not Bearer with the ADMIN_API_KEY of this node.',
      503: 'No ADMIN_API_KEY is configured on this node.',
    },
  },
  health,
  readiness,
} as const satisfies HttpApi;
