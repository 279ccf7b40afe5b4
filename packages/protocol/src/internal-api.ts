import { z } from 'zod';
import type { HttpApi } from './http-api.js';
import { roomMap, roomName, roomRecord } from './room-record.js';

export const INTERNAL_SECRET_HEADER = 'x-romm-sfu-secret';

/** The same for what only the node itself may do. */
export const NOT_THE_NODE = { 403: 'The secret is not for the node that the call names.' };

export const NOT_INTERNAL = {
  401: 'The x-romm-sfu-secret header is missing or wrong.',
  503: 'No internal secret is configured, or shared state is unavailable; try again.',
};
const ok = z.object({ ok: z.literal(true) });
export const mintedToken = z
  .object({
    token: z.string(),
    token_type: z.literal('bearer'),
    expires: z.int().describe('Lifetime in seconds: 900 or 30.'),
  })
  .meta({ id: 'MintedToken' });
const roomKey = roomRecord.shape.room_key;

/** What SFU servers of the instance ask of auth, under the internal secret (P1.6, P1.7). */
export const INTERNAL_API = {
  issueForPlayer: {
    method: 'post',
    path: '/api/sfu/internal/token',
    summary: 'Mint a token for the player whose RomM credential a node was shown',
    access: 'internal',
    body: z.object({
      token_type: z.enum(['read', 'write']).default('read'),
      authorization: z
        .string()
        .max(8 * 1024)
        .optional()
        .describe("RomM's bearer, as the header came."),
      romm_session: z
        .string()
        .max(8 * 1024)
        .optional()
        .describe("The value of RomM's session cookie."),
      max_age_seconds: z
        .int()
        .min(0)
        .max(60)
        .optional()
        .describe("How old RomM's word may be; 60 by default."),
      socket: z
        .string()
        .min(1)
        .max(64)
        .optional()
        .describe('The connection to the node that alone may use a write token.'),
    }),
    reply: mintedToken,
    refusals: {
      400: 'The body is not valid.',
      403: 'RomM knows nobody by this credential, or it is that of a kiosk visitor or a disabled user.',
      409: 'Auth does not ask RomM: "romm" is not among its IDENTITY_PROVIDERS.',
      ...NOT_INTERNAL,
    },
  },
  verifyToken: {
    method: 'post',
    path: '/api/sfu/internal/verify',
    summary: 'Verify a token for an SFU server and, unless consume is false, use it up',
    access: 'internal',
    body: z.object({ token: z.string(), consume: z.boolean().default(true) }),
    reply: z.object({
      sub: z.string(),
      netplay_username: z.string().nullable(),
      iss: z.string(),
      type: z.enum(['sfu:read', 'sfu:write', 'sfu']),
    }),
    refusals: { 400: 'The body is not valid.', ...NOT_INTERNAL },
  },
  upsertRoom: {
    method: 'post',
    path: '/api/sfu/internal/rooms/upsert',
    summary: 'Register a room or refresh it for another 60 s',
    access: 'internal',
    body: roomRecord,
    reply: ok,
    refusals: {
      400: 'The record is not valid.',
      409: 'Another node hosts a room of this name.',
      ...NOT_THE_NODE,
      ...NOT_INTERNAL,
    },
  },
  deleteRoom: {
    method: 'post',
    path: '/api/sfu/internal/rooms/delete',
    summary: 'Remove a room from the registry',
    access: 'internal',
    body: z.object({
      room_name: roomName,
      room_key: roomKey,
      nodeId: z.string().max(255).optional(),
    }),
    reply: ok,
    refusals: {
      400: 'The body is not valid.',
      409: 'Another node hosts the room.',
      ...NOT_THE_NODE,
      ...NOT_INTERNAL,
    },
  },
  resolveRoom: {
    method: 'get',
    path: '/api/sfu/internal/rooms/resolve',
    summary: 'Find the node that hosts a room',
    access: 'internal',
    query: z.object({ room: roomName, key: roomKey }),
    reply: roomRecord,
    refusals: { 400: 'The room parameter is missing.', 404: 'There is no such room.', ...NOT_INTERNAL },
  },
  listRooms: {
    method: 'get',
    path: '/api/sfu/internal/rooms/list',
    summary: 'All registered rooms by name',
    access: 'internal',
    reply: roomMap,
    refusals: NOT_INTERNAL,
  },
  revocations: {
    method: 'get',
    path: '/api/sfu/internal/revocations',
    summary: 'The sessions that ended lately, for nodes without Redis to follow',
    access: 'internal',
    query: z.object({ after: z.string().max(64).optional().describe('The cursor of the last answer.') }),
    reply: z.object({ session_refs: z.array(z.string()), cursor: z.string() }),
    refusals: NOT_INTERNAL,
  },
} as const satisfies HttpApi;
