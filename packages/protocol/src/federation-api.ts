import { z } from 'zod';
import type { HttpApi } from './http-api.js';
import { ISSUER_PERMISSIONS, MAX_ISSUER_LENGTH, registeredIssuer } from './issuer-record.js';
import { roomName, roomRecord } from './room-record.js';

/** Grows when what a consent says changes; an older consent does not count any more. */
export const CONSENT_VERSION = 1;

/** Rooms that one instance tells another of, and nodes where they may be. What is more is cut off. */
export const MAX_SHARED_ROOMS = 200;
export const MAX_SHARED_NODES = 50;

const audience = z
  .string()
  .min(1)
  .max(MAX_ISSUER_LENGTH)
  .describe('Issuer URL of another instance that is registered here.');
const issuerUrl = z.string().min(1).max(MAX_ISSUER_LENGTH);
const permissions = z.array(z.enum(ISSUER_PERMISSIONS));
const nodeUrl = z.url({ protocol: /^https?$/ }).max(2048);
const shortText = z.string().max(255);
const ok = z.object({ ok: z.literal(true) });

/** The `sid` of tokens; without white space, which parts it from its issuer where the two stand together. */
const sessionId = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[\x21-\x7e]+$/, 'must have no white space and nothing beyond ASCII');

const NOT_A_PLAYER = {
  401: 'The access token has expired or was revoked; refresh it.',
  403: 'No player is signed in, or the page that sent the cookie is not of an allowed origin.',
  503: 'The database or shared state is unavailable, or RomM does not answer; try again.',
};
const NOT_A_PEER = {
  401: 'The Authorization header is not Bearer with a fresh assertion of an instance, to this one.',
  403: 'The instance is not registered here, or not active, or its permissions do not go as far.',
  503: 'Shared state is unavailable; try again.',
};

/** What is told of a room to people who are not of its instance: nothing of who plays. */
export const sharedRoom = z
  .object({
    room_name: roomName,
    current: roomRecord.shape.current,
    max: roomRecord.shape.max,
    hasPassword: z.boolean(),
    url: nodeUrl.describe('The node that hosts it.'),
    game_id: z.union([shortText, z.number()]).optional(),
    rom_hash: shortText.optional(),
    rom_name: shortText.optional(),
    core_type: shortText.optional(),
    core_version: shortText.optional(),
    netplay_mode: z.union([shortText, z.number()]).optional(),
    phase: shortText.optional(),
    locked: z.boolean().optional(),
  })
  .meta({ id: 'SharedRoom' });
export type SharedRoom = z.output<typeof sharedRoom>;

/** What one instance answers another that asks for its rooms. */
export const sharedRooms = z.object({
  issuer: issuerUrl.describe('Who answers; it has to be who was asked.'),
  permissions: permissions.describe('What players of the asking instance may do here.'),
  nodes: z.array(nodeUrl).max(MAX_SHARED_NODES).describe('Where its rooms may be, also after they moved.'),
  rooms: z.array(sharedRoom).max(MAX_SHARED_ROOMS),
});
export type SharedRooms = z.output<typeof sharedRooms>;

/** How well another instance is known just now. */
export const INSTANCE_STATES = ['fresh', 'stale', 'unreachable', 'refused'] as const;

/** Why a player cannot join a room of the list just now; the first that applies. */
export const OBSTACLES = [
  'visits_off',
  'not_permitted',
  'unreachable',
  'consent_required',
  'room_locked',
  'room_full',
] as const;
export type Obstacle = (typeof OBSTACLES)[number];

const foreignRoom = sharedRoom.extend({
  instance: issuerUrl.describe('Issuer URL of the instance it is of.'),
  instance_label: z.string(),
  age_ms: z.int().min(0).describe('How long ago its instance told of it.'),
  obstacle: z.enum(OBSTACLES).nullable(),
});
export type ForeignRoom = z.output<typeof foreignRoom>;

const knownInstance = z.object({
  issuer: issuerUrl,
  label: z.string(),
  state: z
    .enum(INSTANCE_STATES)
    .describe('unreachable: nothing is known of its rooms any more; refused: it does not list rooms for us.'),
  age_ms: z.int().min(0).nullable().describe('Since it last told of its rooms; null if it never did.'),
  nodes: z.array(nodeUrl).describe('Where players of this instance may be sent to there.'),
  may_join: z.boolean(),
});
export type KnownInstance = z.output<typeof knownInstance>;

const visitable = z.object({
  issuer: issuerUrl,
  label: z.string(),
  shares: z
    .enum(['pairwise', 'plain'])
    .describe('pairwise: it learns an id that is made for it alone; plain: the one you have here.'),
  may_visit: z.boolean().describe('False when the administrator here lets nobody go there.'),
  consent: z
    .object({ version: z.int(), given_at: z.iso.datetime() })
    .nullable()
    .describe('What you agreed to; null if you have not, or to an older version.'),
});

/** Federation as players and other instances meet it (P2.5 to P2.9, P3.8); its administration has its own file. */
export const FEDERATION_API = {
  federatedRooms: {
    method: 'get',
    path: '/api/federation/rooms',
    summary:
      'Rooms here and at every other instance, as they were told of last; never waits for another instance',
    access: 'player',
    query: z.object({ game_id: z.string().max(255).optional().describe('Only rooms of this game.') }),
    reply: z.object({
      rooms: z.array(roomRecord).describe('Of this instance.'),
      foreign_rooms: z.array(foreignRoom),
      instances: z.array(knownInstance),
    }),
    refusals: NOT_A_PLAYER,
  },
  listVisitable: {
    method: 'get',
    path: '/api/federation/instances',
    summary: 'The other instances, what each learns of you when you play there, and whether you agreed',
    access: 'player',
    reply: z.object({ consent_version: z.int(), instances: z.array(visitable) }),
    refusals: NOT_A_PLAYER,
  },
  giveConsent: {
    method: 'post',
    path: '/api/federation/consents',
    summary: 'Agree that tokens for another instance tell it who you are; needed once for each',
    access: 'player',
    body: z.object({ audience }),
    reply: visitable,
    refusals: {
      400: 'The body is not valid.',
      ...NOT_A_PLAYER,
      404: 'No such instance is registered here, or it is not active.',
      429: 'You have agreed to it, and taken it back, too often within an hour; Retry-After says how long to wait.',
    },
  },
  withdrawConsent: {
    method: 'post',
    path: '/api/federation/consents/withdraw',
    summary: 'Take the agreement back: no more tokens for it, and it is told to end what you play there',
    access: 'player',
    body: z.object({ audience }),
    reply: ok,
    refusals: {
      400: 'The body is not valid.',
      ...NOT_A_PLAYER,
      404: 'You have not agreed to this instance.',
    },
  },
  shareRooms: {
    method: 'get',
    path: '/api/federation/shared-rooms',
    summary: 'For other instances: the rooms here that their players may see; with ETag',
    access: 'peer',
    reply: sharedRooms,
    refusals: {
      304: 'Nothing has changed since If-None-Match.',
      429: 'The instance asks too often; see Retry-After.',
      ...NOT_A_PEER,
    },
  },
  endGuests: {
    method: 'post',
    path: '/api/federation/revocations',
    summary: 'For other instances: end what some of their players do here; their sockets are closed',
    access: 'peer',
    body: z.object({ session_ids: z.array(sessionId).min(1).max(100) }),
    reply: ok,
    refusals: {
      400: 'The body is not valid.',
      ...NOT_A_PEER,
      429: 'The instance has ended too many within an hour; Retry-After says how long to wait.',
    },
  },
  listTrustedIssuers: {
    method: 'get',
    path: '/api/sfu/internal/issuers',
    summary: 'The registered issuers, for nodes without Redis to follow; no list while the version is known',
    access: 'internal',
    query: z.object({ version: z.coerce.number().int().min(0).optional() }),
    reply: z.object({ version: z.int(), issuers: z.array(registeredIssuer).optional() }),
    refusals: {
      400: 'The query is not valid.',
      401: 'The x-romm-sfu-secret header is missing or wrong.',
      503: 'No internal secret is configured, or shared state is unavailable; try again.',
    },
  },
} as const satisfies HttpApi;
