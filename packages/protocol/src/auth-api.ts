import { z } from 'zod';
import type { HttpApi } from './http-api.js';
import { health, readiness } from './health.js';
import { roomMap, roomName, roomRecord } from './room-record.js';

export const INTERNAL_SECRET_HEADER = 'x-romm-sfu-secret';

const NOT_INTERNAL = {
  401: 'The x-romm-sfu-secret header is missing or wrong.',
  503: 'No internal secret is configured, or shared state is unavailable; try again.',
};
const ok = z.object({ ok: z.literal(true) });

/** The HTTP interface of `apps/auth`. */
export const AUTH_API = {
  mintToken: {
    method: 'post',
    path: '/api/sfu/token',
    summary: 'Mint a read token (15 min) or a one-time write token (30 s) for the signed-in player',
    access: 'player',
    body: z.object({ token_type: z.enum(['read', 'write']).default('read') }),
    reply: z.object({
      token: z.string(),
      token_type: z.literal('bearer'),
      expires: z.int().describe('Lifetime in seconds: 900 or 30.'),
    }),
    refusals: {
      400: 'The body is not JSON or token_type is unknown.',
      403: 'No player is signed in.',
      413: 'The body is larger than 16 KB.',
      503: 'The token could not be stored; try again.',
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
      ...NOT_INTERNAL,
    },
  },
  deleteRoom: {
    method: 'post',
    path: '/api/sfu/internal/rooms/delete',
    summary: 'Remove a room from the registry',
    access: 'internal',
    body: z.object({ room_name: roomName, nodeId: z.string().max(255).optional() }),
    reply: ok,
    refusals: { 400: 'The body is not valid.', 409: 'Another node hosts the room.', ...NOT_INTERNAL },
  },
  resolveRoom: {
    method: 'get',
    path: '/api/sfu/internal/rooms/resolve',
    summary: 'Find the node that hosts a room',
    access: 'internal',
    query: z.object({ room: roomName }),
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
  jwks: {
    method: 'get',
    path: '/.well-known/jwks.json',
    summary: 'The public keys that verify tokens of this issuer (RFC 7517)',
    access: 'public',
    reply: z.object({ keys: z.array(z.looseObject({ kty: z.string(), kid: z.string(), alg: z.string() })) }),
    refusals: {},
  },
  health,
  readiness,
} as const satisfies HttpApi;
