import { z } from 'zod';
import type { HttpApi } from './http-api.js';
import { DEFAULT_QUOTAS, ISSUER_STATES, issuerTerms, readIssuer, registeredIssuer } from './issuer-record.js';
import { describedKey, keyThumbprint, MAX_PUBLISHED_KEYS } from './issuer-keys.js';

export const NOT_ADMIN = {
  401: 'The Authorization header is neither Bearer with the admin API key nor with the access token of an administrator.',
  503: 'No admin API key is configured, or the database or shared state is unavailable; try again.',
};
const NO_SUCH_ISSUER = { 404: 'No issuer with this id is registered.' };
const NOT_CURRENT = {
  412: 'If-Match names another version: somebody has changed the issuer since. Read it again.',
  428: 'If-Match is missing; send the ETag of the issuer as you read it.',
};

const byId = z.object({
  id: z
    .string()
    .regex(/^[\w-]{22}$/, 'must be the id of an issuer in the list')
    .describe('Follows from the URL of the issuer.'),
});

export const listedIssuer = registeredIssuer.extend({ id: z.string() }).meta({ id: 'Issuer' });

/** Terms of an instance that is new here. Absent pins are no pins; nothing is allowed that was not said. */
export const firstTerms = issuerTerms.extend({
  allow_http: z.boolean().default(false),
  permissions: issuerTerms.shape.permissions.default([]),
  pinned_keys: issuerTerms.shape.pinned_keys.default([]),
  ca_certificate: issuerTerms.shape.ca_certificate.default(null),
  certificate_sha256: issuerTerms.shape.certificate_sha256.default(null),
  allow_private_addresses: z.boolean().default(false),
  subject: issuerTerms.shape.subject.default('pairwise'),
  players_may_visit: z.boolean().default(true),
  quotas: issuerTerms.shape.quotas.default(DEFAULT_QUOTAS),
  banned_players: issuerTerms.shape.banned_players.default([]),
});

const newIssuer = firstTerms
  .extend({ issuer: z.string().describe('URL of the instance; stored in its canonical form.') })
  .transform((given, context) => {
    const reading = readIssuer(given.issuer, { allowHttp: given.allow_http });
    if ('issuer' in reading) return { ...given, issuer: reading.issuer };
    context.addIssue({ code: 'custom', path: ['issuer'], message: reading.fault });
    return z.NEVER;
  });

/** Trusted instances as an administrator manages them (P2.4). */
export const ISSUER_API = {
  listIssuers: {
    method: 'get',
    path: '/api/admin/issuers',
    summary: 'Other instances that are registered here; with ETag',
    access: 'admin',
    reply: z.object({ issuers: z.array(listedIssuer) }),
    refusals: NOT_ADMIN,
  },
  createIssuer: {
    method: 'post',
    path: '/api/admin/issuers',
    summary: 'Register another instance; it is pending, and so not trusted, until its state is changed',
    access: 'admin',
    body: newIssuer,
    reply: listedIssuer,
    refusals: {
      400: 'The body is not valid, or a key or certificate in it is not usable.',
      409: 'It is registered already, is this instance, or there are as many as there may be.',
      413: 'The body is larger than 16 KB.',
      ...NOT_ADMIN,
    },
  },
  getIssuer: {
    method: 'get',
    path: '/api/admin/issuers/:id',
    summary: 'One of them; its ETag is what a change has to send as If-Match',
    access: 'admin',
    params: byId,
    reply: listedIssuer,
    refusals: { 400: 'The id is not valid.', ...NO_SUCH_ISSUER, ...NOT_ADMIN },
  },
  replaceIssuer: {
    method: 'put',
    path: '/api/admin/issuers/:id',
    summary:
      'Replace terms and state of one; needs If-Match. Its URL stays, and what was read may be sent back',
    access: 'admin',
    params: byId,
    // All that is kept is named, so that no pin is dropped by forgetting it.
    body: issuerTerms.extend({
      state: z.enum(ISSUER_STATES),
      confirmed_thumbprints: z
        .array(keyThumbprint)
        .max(MAX_PUBLISHED_KEYS)
        .optional()
        .describe(
          'From pending to active, unless keys are pinned: the thumbprints of all keys it publishes, as you compared them.',
        ),
    }),
    reply: listedIssuer,
    refusals: {
      400: 'The body is not valid, or a key or certificate in it is not usable.',
      ...NO_SUCH_ISSUER,
      409: 'It cannot come into this state from the one it is in, or its keys are not those that were confirmed.',
      413: 'The body is larger than 16 KB.',
      ...NOT_CURRENT,
      502: 'The instance cannot be asked for its keys; the detail says why.',
      ...NOT_ADMIN,
    },
  },
  listIssuerKeys: {
    method: 'get',
    path: '/api/admin/issuers/:id/keys',
    summary: 'The keys that one publishes now, asked of it; compare them with its administrator',
    access: 'admin',
    params: byId,
    reply: z.object({ keys: z.array(describedKey) }),
    refusals: {
      400: 'The id is not valid.',
      ...NO_SUCH_ISSUER,
      502: 'The instance cannot be asked; the detail says why.',
      ...NOT_ADMIN,
    },
  },
  removeIssuer: {
    method: 'delete',
    path: '/api/admin/issuers/:id',
    summary: 'Forget one; needs If-Match',
    access: 'admin',
    params: byId,
    reply: z.object({ ok: z.literal(true) }),
    refusals: { 400: 'The id is not valid.', ...NO_SUCH_ISSUER, ...NOT_CURRENT, ...NOT_ADMIN },
  },
} as const satisfies HttpApi;
