import { z } from 'zod';
import type { HttpApi } from './http-api.js';
import { firstTerms, listedIssuer, NOT_ADMIN } from './issuer-api.js';
import { describedKey } from './issuer-keys.js';
import { ISSUER_PERMISSIONS, issuerTerms, MAX_ISSUER_LENGTH } from './issuer-record.js';

const INVITATION_STATES = ['open', 'redeemed', 'expired', 'locked'] as const;
export type InvitationState = (typeof INVITATION_STATES)[number];
/** The longest URL, and what names the invitation. */
const MAX_INVITATION_LENGTH = MAX_ISSUER_LENGTH + 100;

const issuerUrl = z.string().min(1).max(MAX_ISSUER_LENGTH);
const permissions = z.array(z.enum(ISSUER_PERMISSIONS));
const invitationId = z.string().regex(/^[\w-]{16}$/, 'must be the id of an invitation in the list');
const byInvitation = z.object({ id: invitationId });

const listedInvitation = z
  .object({
    id: z.string(),
    label: z.string(),
    permissions,
    state: z.enum(INVITATION_STATES).describe('locked: too many wrong secrets were shown.'),
    created_at: z.iso.datetime(),
    expires_at: z.iso.datetime(),
    redeemed_by: issuerUrl.nullable(),
  })
  .meta({ id: 'Invitation' });

/** What is not known yet of an instance that is only invited: its keys and its players. */
const NOT_OF_INVITATIONS = { pinned_keys: true, banned_players: true } as const;
export const invitedTerms = firstTerms.omit(NOT_OF_INVITATIONS);
export type InvitedTerms = z.output<typeof invitedTerms>;

/** Trust between two instances by an invitation (P2.7): administrators' side, and what the instances say. */
export const FEDERATION_ADMIN_API = {
  federationIdentity: {
    method: 'get',
    path: '/api/admin/federation/identity',
    summary: 'What this instance is known by: its issuer URL and the thumbprints of its keys',
    access: 'admin',
    reply: z.object({ issuer: z.string(), keys: z.array(describedKey) }),
    refusals: NOT_ADMIN,
  },
  createInvitation: {
    method: 'post',
    path: '/api/admin/federation/invitations',
    summary: 'Invite another instance on these terms; the invitation is shown once, for 15 min and one use',
    access: 'admin',
    body: invitedTerms,
    reply: z.object({
      invitation: z.string().describe('Give it to the other administrator; it holds a secret.'),
      id: z.string(),
      expires_at: z.iso.datetime(),
    }),
    refusals: {
      400: 'The body is not valid, or the certificate in it is not usable.',
      409: 'There are as many open invitations as there may be.',
      413: 'The body is larger than 16 KB.',
      ...NOT_ADMIN,
    },
  },
  listInvitations: {
    method: 'get',
    path: '/api/admin/federation/invitations',
    summary: 'The invitations of the last day, the newest first; no secrets',
    access: 'admin',
    reply: z.object({ invitations: z.array(listedInvitation) }),
    refusals: NOT_ADMIN,
  },
  withdrawInvitation: {
    method: 'delete',
    path: '/api/admin/federation/invitations/:id',
    summary: 'Take an invitation back; an instance that has used it stays registered',
    access: 'admin',
    params: byInvitation,
    reply: z.object({ ok: z.literal(true) }),
    refusals: { 400: 'The id is not valid.', 404: 'There is no such invitation.', ...NOT_ADMIN },
  },
  acceptInvitation: {
    method: 'post',
    path: '/api/admin/federation/accept',
    summary:
      'Accept an invitation of another instance: both register each other, pending, for both to compare keys',
    access: 'admin',
    body: invitedTerms.extend({
      invitation: z.string().min(1).max(MAX_INVITATION_LENGTH),
      label: issuerTerms.shape.label.optional().describe('By default the address of the other instance.'),
    }),
    reply: z.object({
      issuer: listedIssuer.describe('The other instance, as it is registered here now.'),
      theirs: z.array(describedKey).describe('The keys it publishes.'),
      ours: z.array(describedKey).describe('The keys of this instance, which its administrator sees.'),
      granted: permissions.describe('What our players may do there, once it has activated us.'),
    }),
    refusals: {
      400: 'The body is not valid, or the invitation, its URL or the certificate is not usable.',
      409: 'It is of this instance, the other one is registered here already, or it refused the invitation.',
      413: 'The body is larger than 16 KB.',
      502: 'The other instance cannot be asked, or something else answers; the detail says why.',
      ...NOT_ADMIN,
    },
  },
  redeemInvitation: {
    method: 'post',
    path: '/api/federation/invitations/redeem',
    summary:
      'For other instances: use an invitation; with an assertion of the caller, to this one, as Bearer',
    access: 'public',
    body: z.object({
      id: invitationId,
      secret: z.string().regex(/^[\w-]{22}$/, 'must be the secret of an invitation'),
      issuer: issuerUrl.describe('Of the caller: the iss of its assertion.'),
    }),
    reply: z.object({
      issuer: issuerUrl,
      permissions: permissions.describe('What players of the caller may do here, once it is active.'),
    }),
    refusals: {
      400: 'The body is not valid, or the issuer URL cannot be registered here.',
      401: 'The assertion is missing, wrong or was used.',
      403: 'The invitation is unknown, withdrawn or locked, or the secret is wrong.',
      409: 'Another instance has used it, or the caller is registered already.',
      410: 'The invitation has expired.',
      429: 'Too many tries; Retry-After says how long to wait.',
      502: 'The keys of the caller could not be fetched; the detail says why.',
      503: 'The database or shared state is unavailable; try again.',
    },
  },
} as const satisfies HttpApi;
