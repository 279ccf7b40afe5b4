import type { InvitationState } from '@romm-netplay/protocol';
import type { AUTH_API } from '@romm-netplay/protocol/auth-api';
import type { Audit, Handlers } from '@romm-netplay/service-kit';
import { acceptInvitation, type AcceptInvitationDeps } from '../federation/accept-invitation.js';
import { createInvitation } from '../federation/create-invitation.js';
import { type Invitation, MAX_WRONG_TRIES } from '../federation/invitation-store.js';
import { issuerTag } from '../federation/issuer-precondition.js';
import { describeKey, describeOwnKey } from '../federation/published-keys.js';
import { redeemInvitation, type RedeemInvitationDeps } from '../federation/redeem-invitation.js';
import { withdrawInvitation } from '../federation/withdraw-invitation.js';
import type { SigningKeys } from '../keys/signing-keys.js';
import type { Caller } from './server-access.js';
import { auditedIssuer, shownIssuer } from './shown-issuer.js';

export interface FederationAdminHandlersDeps extends AcceptInvitationDeps, RedeemInvitationDeps {
  readonly keys: SigningKeys;
  /** Tells the log who changed what. */
  readonly onAdminChange: Audit;
}

type FederationAdminOperations =
  | 'federationIdentity'
  | 'createInvitation'
  | 'listInvitations'
  | 'withdrawInvitation'
  | 'acceptInvitation'
  | 'redeemInvitation';

/** How two instances come to know each other (P2.7). */
export function createFederationAdminHandlers(
  deps: FederationAdminHandlersDeps,
): Handlers<Pick<typeof AUTH_API, FederationAdminOperations>, Caller> {
  const { onAdminChange } = deps;
  const ownKeys = () => deps.keys.published().map(describeOwnKey);
  return {
    federationIdentity: () => ({ body: { issuer: deps.audience, keys: ownKeys() } }),

    async createInvitation({ body: terms, caller: { admin } }) {
      const { id, invitation, expiresAtMs } = await createInvitation(deps, terms);
      const { label, permissions } = terms;
      onAdminChange('invitation.created', { id, label, permissions, by: admin });
      return { body: { invitation, id, expires_at: new Date(expiresAtMs).toISOString() } };
    },

    async listInvitations() {
      const invitations = await deps.invitations.list();
      return { body: { invitations: invitations.map((invitation) => shown(invitation, deps.now())) } };
    },

    async withdrawInvitation({ params: { id }, caller: { admin } }) {
      await withdrawInvitation(deps, id);
      onAdminChange('invitation.withdrawn', { id, by: admin });
      return { body: { ok: true } };
    },

    async acceptInvitation({ body, caller: { admin } }) {
      const { issuer, isNew, theirKeys, granted } = await acceptInvitation(deps, body);
      onAdminChange('invitation.accepted', { issuer: issuer.issuer, granted, by: admin });
      if (isNew) onAdminChange('issuer.registered', { ...auditedIssuer(issuer), by: admin });
      return {
        body: { issuer: shownIssuer(issuer), theirs: theirKeys.map(describeKey), ours: ownKeys(), granted },
        headers: { etag: issuerTag(issuer) },
      };
    },

    async redeemInvitation({ body, headers: { authorization }, address }) {
      const { permissions, registered } = await redeemInvitation(deps, { ...body, authorization, address });
      if (registered !== undefined) {
        onAdminChange('invitation.redeemed', { id: body.id, issuer: registered.issuer });
        onAdminChange('issuer.registered', { ...auditedIssuer(registered), by: `invitation ${body.id}` });
      }
      return { body: { issuer: deps.audience, permissions } };
    },
  };
}

const shown = (invitation: Invitation, nowMs: number) => ({
  id: invitation.id,
  label: invitation.terms.label,
  permissions: invitation.terms.permissions,
  state: stateOf(invitation, nowMs),
  created_at: new Date(invitation.createdAtMs).toISOString(),
  expires_at: new Date(invitation.expiresAtMs).toISOString(),
  redeemed_by: invitation.redeemedBy,
});

function stateOf({ redeemedBy, wrongTries, expiresAtMs }: Invitation, nowMs: number): InvitationState {
  if (redeemedBy !== null) return 'redeemed';
  if (wrongTries >= MAX_WRONG_TRIES) return 'locked';
  return expiresAtMs <= nowMs ? 'expired' : 'open';
}
