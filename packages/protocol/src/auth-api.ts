import { z } from 'zod';
import type { HttpApi } from './http-api.js';
import { health, readiness } from './health.js';
import { roomMap, roomName, roomRecord } from './room-record.js';

export const INTERNAL_SECRET_HEADER = 'x-romm-sfu-secret';

const NOT_INTERNAL = {
  401: 'The x-romm-sfu-secret header is missing or wrong.',
  503: 'No internal secret is configured, or shared state is unavailable; try again.',
};
const NOT_ADMIN = {
  401: 'The Authorization header is not Bearer with the admin API key.',
  503: 'No admin API key is configured, or the database is unavailable; try again.',
};
const ok = z.object({ ok: z.literal(true) });

const listedKey = z
  .object({
    kid: z.string(),
    alg: z.string(),
    phase: z.enum(['next', 'current', 'previous', 'gone']),
    createdAt: z.iso.datetime(),
    signsFrom: z.iso.datetime(),
    withdrawnAt: z.iso.datetime().nullable(),
    encryptionKeyId: z.string(),
  })
  .meta({ id: 'SigningKey' });

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
    refusals: { 304: 'The set is the one of If-None-Match.' },
  },
  configuration: {
    method: 'get',
    path: '/.well-known/netplay-configuration',
    summary: 'What other instances and clients need to know of this issuer',
    access: 'public',
    reply: z.object({
      issuer: z.url(),
      jwks_uri: z.url(),
      token_endpoint: z.url(),
      token_types_supported: z.array(z.string()),
      id_token_signing_alg_values_supported: z.array(z.string()),
      protocol_versions_supported: z.array(z.string()),
    }),
    refusals: {},
  },
  listKeys: {
    method: 'get',
    path: '/api/admin/keys',
    summary: 'The signing keys and their phases; no private part',
    access: 'admin',
    reply: z.object({ keys: z.array(listedKey) }),
    refusals: NOT_ADMIN,
  },
  rotateKeys: {
    method: 'post',
    path: '/api/admin/keys/rotate',
    summary: 'Publish a successor of the current signing key now; it signs after the publication lead',
    access: 'admin',
    reply: z.object({ kid: z.string(), signs_from: z.iso.datetime() }),
    refusals: { 409: 'Too many keys are published.', ...NOT_ADMIN },
  },
  withdrawKey: {
    method: 'post',
    path: '/api/admin/keys/withdraw',
    summary: 'End a compromised key at once; its tokens are refused everywhere within a second',
    access: 'admin',
    body: z.object({ kid: z.string().min(1).max(128) }),
    reply: ok,
    refusals: {
      400: 'The body is not valid.',
      404: 'There is no such key.',
      409: 'It is withdrawn already.',
      ...NOT_ADMIN,
    },
  },
  reencryptKeys: {
    method: 'post',
    path: '/api/admin/keys/reencrypt',
    summary: 'Seal every private key under the current KEY_ENCRYPTION_KEY',
    access: 'admin',
    reply: z.object({ reencrypted: z.int() }),
    refusals: NOT_ADMIN,
  },
  health,
  readiness,
} as const satisfies HttpApi;
