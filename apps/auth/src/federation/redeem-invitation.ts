import { type IssuerPermission, readIssuer, type RegisteredIssuer } from '@romm-netplay/protocol';
import { bearerOf, secretCheck } from '@romm-netplay/service-kit';
import { type FirstUseStore, firstUseOf } from '@romm-netplay/shared-state';
import {
  claimedIssuer,
  createAssertionVerifier,
  createLocalKeySet,
  DEFAULT_CLOCK_SKEW_SECONDS,
  TokenError,
  trustOnly,
} from '@romm-netplay/token-core';
import { AuthError } from '../errors.js';
import { INVITATION_LIFETIME_MS, type InvitationsDeps } from './create-invitation.js';
import type { InvitationLimits } from './invitation-limits.js';
import type { Invitation, RedeemOutcome } from './invitation-store.js';
import type { IssuerAdminDeps } from './issuer-admin.js';
import { isSameInstance } from './own-address.js';
import { fetchPublishedKeys } from './published-keys.js';
import { pendingIssuer } from './register-issuer.js';

export interface RedeemInvitationDeps extends InvitationsDeps, Pick<IssuerAdminDeps, 'issuersChanged'> {
  readonly firstUses: FirstUseStore;
  readonly invitationLimits: InvitationLimits;
}

export interface ShownInvitation {
  readonly id: string;
  readonly secret: string;
  /** Who the caller says it is. */
  readonly issuer: string;
  readonly authorization: string | undefined;
  readonly address: string;
}

export interface Redeemed {
  readonly permissions: IssuerPermission[];
  /** Undefined when this instance had used the invitation before: it may not have heard the answer. */
  readonly registered: RegisteredIssuer | undefined;
}

/**
 * Registers, pending, the instance that shows an invitation and proves that it is who it says.
 * @throws AuthError too_many_attempts, invitation_refused, invitation_expired, invitation_used,
 * peer_url_refused, own_issuer, assertion_missing, assertion_used, caller_unreachable, peer_answer_invalid,
 * issuer_exists, too_many_issuers; TokenError; StateUnavailableError
 */
export async function redeemInvitation(
  deps: RedeemInvitationDeps,
  shown: ShownInvitation,
): Promise<Redeemed> {
  const invitation = await findShown(deps, shown);
  const { issuer } = shown;
  assertRegistrable(deps, invitation, issuer);
  await assertSpeaksFor(deps, invitation, shown);
  const { terms } = invitation;
  const draft = pendingIssuer({ ...terms, issuer, pinned_keys: [], banned_players: [] }, deps.now());
  const redeemed = await deps.invitations.redeem(invitation.id, draft);
  if (redeemed.outcome === 'registered') {
    await deps.issuersChanged();
    return { permissions: terms.permissions, registered: redeemed.issuer };
  }
  if (redeemed.outcome === 'again') return { permissions: terms.permissions, registered: undefined };
  throw new AuthError(REFUSALS[redeemed.outcome]);
}

const REFUSALS = {
  used: 'invitation_used',
  gone: 'invitation_refused',
  exists: 'issuer_exists',
  full: 'too_many_issuers',
} as const satisfies Record<Exclude<RedeemOutcome['outcome'], 'registered' | 'again'>, string>;

const CLOCKS_DIFFER_MS = 60_000;

/** Whoever does not know the secret learns nothing about the invitation. */
async function findShown(
  { invitations, invitationLimits, now }: RedeemInvitationDeps,
  { id, secret, issuer, address }: ShownInvitation,
): Promise<Invitation> {
  await invitationLimits.attempt('address', address);
  const isRight = (hash: string) => secretCheck(`sha256:${hash}`)?.(secret) === true;
  const invitation = await invitations.attempt(id, isRight);
  if (invitation === undefined) throw new AuthError('invitation_refused');
  // One that lasts longer than any is of a clock that ran ahead.
  const leftMs = invitation.expiresAtMs - now();
  if (leftMs <= 0 || leftMs > INVITATION_LIFETIME_MS + CLOCKS_DIFFER_MS)
    throw new AuthError('invitation_expired');
  const { redeemedBy } = invitation;
  if (redeemedBy !== null && redeemedBy !== issuer) throw new AuthError('invitation_used');
  await invitationLimits.attempt('invitation', id);
  return invitation;
}

function assertRegistrable(deps: RedeemInvitationDeps, { terms }: Invitation, issuer: string): void {
  const reading = readIssuer(issuer, { allowHttp: terms.allow_http });
  if ('fault' in reading) {
    throw new AuthError('peer_url_refused', {
      because: `Its AUTH_ISSUER ${reading.fault}; whoever invites says what is allowed.`,
    });
  }
  // Its tokens name it as it names itself, and are compared sign by sign.
  if (reading.issuer !== issuer) {
    throw new AuthError('peer_url_refused', {
      because: `Its AUTH_ISSUER must be written ${reading.issuer}.`,
    });
  }
  if (isSameInstance(issuer, deps.audience)) throw new AuthError('own_issuer');
}

/** Asks the instance that the caller says it is for its keys, and nobody else. */
async function assertSpeaksFor(
  { firstUses, audience, now }: RedeemInvitationDeps,
  { terms }: Invitation,
  { issuer, authorization }: ShownInvitation,
): Promise<void> {
  const assertion = bearerOf(authorization);
  if (assertion === undefined) throw new AuthError('assertion_missing');
  if (claimedIssuer(assertion) !== issuer) throw new TokenError('token_issuer_untrusted');
  const keys = createLocalKeySet(await fetchPublishedKeys({ ...terms, issuer }, 'caller_unreachable'));
  const assertions = createAssertionVerifier({ trustedIssuers: trustOnly(issuer, keys), audience, now });
  const claims = await assertions.verify(assertion);
  if (!(await firstUses.claim(firstUseOf(claims, DEFAULT_CLOCK_SKEW_SECONDS))))
    throw new AuthError('assertion_used');
}
