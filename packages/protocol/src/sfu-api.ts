import { z } from 'zod';
import { health, readiness } from './health.js';
import type { HttpApi } from './http-api.js';
import { roomMap, roomName } from './room-record.js';

const queryToken = z
  .string()
  .max(8 * 1024)
  .optional()
  .describe('Read token; only where SFU_ALLOW_QUERY_TOKEN is on, because URLs end up in logs.');

const NOT_A_PLAYER = {
  401: 'The read token is missing or refused.',
  503: 'The token or the registry could not be read just now; try again.',
};

/** The HTTP interface of `apps/sfu`; the socket is in docs/PROTOCOL.md. */
export const SFU_API = {
  listRooms: {
    method: 'get',
    path: '/list',
    summary: 'The rooms a player may see, by name',
    access: 'player',
    query: z.object({
      game_id: z.string().max(255).optional().describe('Only rooms of this game.'),
      token: queryToken,
    }),
    reply: roomMap,
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
        token: queryToken,
      })
      .refine(
        (query) => query.room !== undefined || query.room_name !== undefined,
        'missing room query parameter',
      ),
    reply: z.object({ room_name: z.string(), url: z.string(), nodeId: z.string() }),
    refusals: { 400: 'The room parameter is missing.', 404: 'There is no such room.', ...NOT_A_PLAYER },
  },
  health,
  readiness,
} as const satisfies HttpApi;
