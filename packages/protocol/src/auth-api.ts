import { z } from 'zod';
import type { HttpApi } from './http-api.js';
import { doctorEcho } from './doctor.js';
import { health, readiness } from './health.js';
import { FEDERATION_ADMIN_API } from './federation-admin-api.js';
import { FEDERATION_API } from './federation-api.js';
import { INTERNAL_API, mintedToken } from './internal-api.js';
import { ISSUER_API } from './issuer-api.js';
import { NODE_API } from './node-api.js';
import { MAX_ISSUER_LENGTH } from './issuer-record.js';
import { cleanName } from './names.js';
import { listedKey } from './signing-key.js';

export { INTERNAL_SECRET_HEADER } from './internal-api.js';

const NOT_ADMIN = {
  401: 'The Authorization header is neither Bearer with the admin API key nor with the access token of an administrator.',
  503: 'No admin API key is configured, or the database is unavailable; try again.',
};
const ok = z.object({ ok: z.literal(true) });

/** The provider-independent half of who somebody is; `sub` is unique within the issuer (S6). */
const signedInPlayer = z.object({
  sub: z.string(),
  netplay_username: z.string(),
  role: z.enum(['player', 'admin']),
});
const signedIn = z
  .object({
    access_token: z.string().describe('Send it as Authorization: Bearer; keep it in memory only.'),
    token_type: z.literal('bearer'),
    expires: z.int().describe('Lifetime in seconds: 900.'),
    player: signedInPlayer,
  })
  .meta({ id: 'SignedIn' });

/** How an account here may be called. */
export const username = z
  .string()
  .max(256)
  .transform(cleanName)
  .pipe(
    z
      .string()
      .min(1)
      .max(64)
      .regex(
        /^[\p{L}\p{N}][\p{L}\p{M}\p{N} ._-]*$/u,
        'must begin with a letter or digit and contain no other signs than space . _ -',
      ),
  );
const newPassword = z.string().min(10, 'must have at least 10 characters').max(256);
const shownPassword = z.string().min(1).max(256);
const account = z
  .object({
    username: z.string(),
    /** By what sessions and rooms know the player. */
    sub: z.string(),
    role: z.enum(['player', 'admin']),
    enabled: z.boolean(),
    created_at: z.iso.datetime(),
  })
  .meta({ id: 'Account' });
const namedAccount = z.object({ username });

const NOT_SIGNED_IN = {
  401: 'The access token is missing, expired or revoked.',
  503: 'The database or shared state is unavailable; try again.',
};
const ORIGIN_REFUSED = { 403: 'The page that sent the cookie is not of an allowed origin.' };
const TOO_MANY = { 429: 'Too many wrong tries; Retry-After says how long to wait.' };

/** The HTTP interface of `apps/auth`. */
export const AUTH_API = {
  mintToken: {
    method: 'post',
    path: '/api/sfu/token',
    summary: 'Mint a read token (15 min) or a one-time write token (30 s) for the signed-in player',
    access: 'player',
    body: z.object({
      token_type: z.enum(['read', 'write']).default('read'),
      audience: z
        .string()
        .min(1)
        .max(MAX_ISSUER_LENGTH)
        .optional()
        .describe('Issuer URL of the instance the token is for; this one by default.'),
    }),
    reply: mintedToken,
    refusals: {
      400: 'The body is not JSON or token_type is unknown.',
      401: 'The access token has expired or was revoked; refresh it.',
      403: 'No player is signed in, the page that sent the cookie is not of an allowed origin, the audience is not registered and active here, or the player has not agreed to go there.',
      413: 'The body is larger than 16 KB.',
      503: 'The token could not be stored, or RomM does not answer; try again.',
    },
  },
  ...INTERNAL_API,
  ...NODE_API,
  login: {
    method: 'post',
    path: '/api/auth/login',
    summary:
      'Begin a session: with username and password of an account here, or with what else proves who you are (RomM cookie, Authorization)',
    access: 'player',
    body: z
      .object({ username: z.string().min(1).max(64).optional(), password: shownPassword.optional() })
      .refine(
        (body) => (body.username === undefined) === (body.password === undefined),
        'username and password go together',
      ),
    reply: signedIn,
    refusals: {
      400: 'The body is not valid.',
      401: 'Username or password is wrong.',
      403: 'Nothing in the request proves who you are, or its page is not of an allowed origin.',
      ...TOO_MANY,
      503: NOT_SIGNED_IN[503],
    },
  },
  refresh: {
    method: 'post',
    path: '/api/auth/refresh',
    summary: 'Exchange the refresh cookie for an access token (15 min) and the next refresh cookie (30 days)',
    access: 'session',
    reply: signedIn,
    refusals: {
      401: 'There is no session, or it has ended; sign in again.',
      ...ORIGIN_REFUSED,
      503: NOT_SIGNED_IN[503],
    },
  },
  logout: {
    method: 'post',
    path: '/api/auth/logout',
    summary: 'End this session, or all of the player; sockets opened with it are closed',
    access: 'session',
    body: z.object({ all: z.boolean().default(false) }),
    reply: ok,
    refusals: { ...ORIGIN_REFUSED, 503: NOT_SIGNED_IN[503] },
  },
  listSessions: {
    method: 'get',
    path: '/api/auth/sessions',
    summary: "The player's own sessions, the last used first",
    access: 'account',
    reply: z.object({
      sessions: z.array(
        z.object({
          id: z.string(),
          device: z.string().describe('What the browser or program called itself when it signed in.'),
          created_at: z.iso.datetime(),
          last_used_at: z.iso.datetime(),
          current: z.boolean(),
        }),
      ),
    }),
    refusals: NOT_SIGNED_IN,
  },
  revokeSession: {
    method: 'post',
    path: '/api/auth/sessions/revoke',
    summary: 'End one of the own sessions',
    access: 'account',
    body: z.object({ id: z.string().min(1).max(64) }),
    reply: ok,
    refusals: { 400: 'The body is not valid.', 404: 'You have no such session.', ...NOT_SIGNED_IN },
  },
  changePassword: {
    method: 'post',
    path: '/api/auth/password',
    summary: 'Change the own password; every other session of the player ends',
    access: 'account',
    body: z.object({ old_password: shownPassword, new_password: newPassword }),
    reply: ok,
    refusals: {
      400: 'The body is not valid.',
      404: 'You sign in elsewhere; there is no password here.',
      ...TOO_MANY,
      ...NOT_SIGNED_IN,
    },
  },
  setup: {
    method: 'post',
    path: '/api/auth/setup',
    summary: 'Create the first administrator with the one-time code that auth printed at its start',
    access: 'public',
    body: z.object({ code: z.string().min(1).max(128), username, password: newPassword }),
    reply: ok,
    refusals: {
      400: 'The body is not valid.',
      401: 'The code is wrong, used or expired, or there is an administrator already.',
      ...TOO_MANY,
      503: NOT_SIGNED_IN[503],
    },
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
      identity_providers_supported: z.array(z.string()),
    }),
    refusals: {},
  },
  doctorEcho,
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
  listUsers: {
    method: 'get',
    path: '/api/admin/users',
    summary: 'The accounts of this instance (provider "local")',
    access: 'admin',
    reply: z.object({ users: z.array(account) }),
    refusals: NOT_ADMIN,
  },
  createUser: {
    method: 'post',
    path: '/api/admin/users/create',
    summary: 'Create an account; answers its first password, which is shown once',
    access: 'admin',
    body: z.object({ username, role: z.enum(['player', 'admin']).default('player') }),
    reply: z.object({ username: z.string(), password: z.string() }),
    refusals: { 400: 'The body is not valid.', 409: 'There is an account of this name.', ...NOT_ADMIN },
  },
  updateUser: {
    method: 'post',
    path: '/api/admin/users/update',
    summary: 'Enable or disable an account or change its role; its sessions end',
    access: 'admin',
    body: namedAccount.extend({
      enabled: z.boolean().optional(),
      role: z.enum(['player', 'admin']).optional(),
    }),
    reply: ok,
    refusals: {
      400: 'The body is not valid.',
      404: 'There is no such account.',
      409: 'It is the last enabled administrator.',
      ...NOT_ADMIN,
    },
  },
  deleteUser: {
    method: 'post',
    path: '/api/admin/users/delete',
    summary: 'Delete an account; its sessions end',
    access: 'admin',
    body: namedAccount,
    reply: z.object({ ended: z.int() }),
    refusals: {
      400: 'The body is not valid.',
      404: 'There is no such account.',
      409: 'It is the last enabled administrator.',
      ...NOT_ADMIN,
    },
  },
  resetPassword: {
    method: 'post',
    path: '/api/admin/users/reset-password',
    summary: 'Give an account a new password, which is shown once; its sessions end',
    access: 'admin',
    body: namedAccount,
    reply: z.object({ username: z.string(), password: z.string() }),
    refusals: { 400: 'The body is not valid.', 404: 'There is no such account.', ...NOT_ADMIN },
  },
  signOutPlayer: {
    method: 'post',
    path: '/api/admin/players/sign-out',
    summary: 'End every session of a player, by sub',
    access: 'admin',
    body: z.object({ sub: z.string().min(1).max(255) }),
    reply: z.object({ ended: z.int() }),
    refusals: { 400: 'The body is not valid.', ...NOT_ADMIN },
  },
  releaseIdentity: {
    method: 'post',
    path: '/api/admin/players/release',
    summary: 'Let another user of RomM have a netplay identity that a former user held',
    access: 'admin',
    body: z.object({ sub: z.string().min(1).max(255) }),
    reply: ok,
    refusals: { 400: 'The body is not valid.', 404: 'Nobody holds this identity.', ...NOT_ADMIN },
  },
  ...FEDERATION_API,
  ...FEDERATION_ADMIN_API,
  ...ISSUER_API,
  health,
  readiness,
} as const satisfies HttpApi;
