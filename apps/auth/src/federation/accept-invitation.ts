import {
  ISSUER_PERMISSIONS,
  type InvitedTerms,
  type IssuerPermission,
  problem,
  type RegisteredIssuer,
} from '@romm-netplay/protocol';
import type { TokenIssuer, VerificationKey } from '@romm-netplay/token-core';
import { z } from 'zod';
import { AuthError } from '../errors.js';
import { askInstance, readAnswer } from './ask-instance.js';
import { checkTerms } from './check-terms.js';
import { readInvitation, type InvitationText } from './invitation-text.js';
import type { IssuerAdminDeps } from './issuer-admin.js';
import { addressOf, isSameInstance } from './own-address.js';
import { fetchPublishedKeys } from './published-keys.js';
import { type NewIssuer, registerIssuer } from './register-issuer.js';

export interface AcceptInvitationDeps extends IssuerAdminDeps {
  readonly issuer: TokenIssuer;
}

export interface AcceptedTerms extends Omit<InvitedTerms, 'label'> {
  readonly invitation: string;
  readonly label?: string | undefined;
}

export interface Accepted {
  readonly issuer: RegisteredIssuer;
  /** False when an earlier call has registered it. */
  readonly isNew: boolean;
  readonly theirKeys: readonly VerificationKey[];
  /** What our players may do there. */
  readonly granted: IssuerPermission[];
}

const MAX_LABEL_LENGTH = 64;
const MAX_REASON_LENGTH = 500;

const configuration = z.object({ issuer: z.string() });
const redeemed = z.object({ issuer: z.string(), permissions: z.array(z.enum(ISSUER_PERMISSIONS)) });

/**
 * Has the other instance register this one, then registers it here; both pending. After a crash in between, or a
 * lost answer, the same call brings it to its end.
 * @throws AuthError invitation_unreadable, peer_url_refused, own_issuer, issuer_exists, too_many_issuers,
 * issuer_certificate_unusable, peer_unreachable, peer_answer_invalid, peer_is_another, invitation_not_taken,
 * peer_not_ready
 */
export async function acceptInvitation(
  deps: AcceptInvitationDeps,
  { invitation: text, label, ...terms }: AcceptedTerms,
): Promise<Accepted> {
  const invitation = readInvitation(text, terms.allow_http);
  const { issuer } = invitation;
  if (isSameInstance(issuer, deps.audience)) throw new AuthError('own_issuer');
  const given: NewIssuer = {
    ...terms,
    issuer,
    label: label ?? addressOf(issuer).slice(0, MAX_LABEL_LENGTH),
    pinned_keys: [],
    banned_players: [],
  };
  checkTerms(given);
  // Before the invitation is used up for nothing.
  const before = await findAccepted(deps, given);
  await assertIsInstance(given);
  const theirKeys = await fetchPublishedKeys(given);
  const granted = await redeem(deps, given, invitation);
  const registered =
    before === undefined ? await registerOnce(deps, given) : { issuer: before, isNew: false };
  return { ...registered, theirKeys, granted };
}

/** Two calls at once, or a double click: the later one finds what the other has registered. */
async function registerOnce(
  deps: AcceptInvitationDeps,
  given: NewIssuer,
): Promise<Pick<Accepted, 'issuer' | 'isNew'>> {
  try {
    return { issuer: await registerIssuer(deps, given), isNew: true };
  } catch (error) {
    if (!(error instanceof AuthError) || error.code !== 'issuer_exists') throw error;
    const found = await findAccepted(deps, given);
    if (found === undefined) throw error;
    return { issuer: found, isNew: false };
  }
}

/** What an earlier call has registered on the same terms. @throws AuthError issuer_exists on any other */
async function findAccepted(
  { issuers }: AcceptInvitationDeps,
  given: NewIssuer,
): Promise<RegisteredIssuer | undefined> {
  const held = (await issuers.list()).issuers.find(({ issuer }) => issuer === given.issuer);
  if (held === undefined) return undefined;
  const { version: _, created_at: _created, updated_at: _updated, ...rest } = held;
  if (!isSameJson(rest, { ...given, state: 'pending' })) throw new AuthError('issuer_exists');
  return held;
}

/** Whatever order the members are in. */
const isSameJson = (one: object, other: object): boolean => sorted(one) === sorted(other);
const sorted = (value: object): string =>
  JSON.stringify(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));

/** @throws AuthError peer_is_another unless what answers goes by the URL of the invitation */
async function assertIsInstance(given: NewIssuer): Promise<void> {
  const found = await askInstance(given, async (fetchFn) =>
    readAnswer(await fetchFn(`${given.issuer}/.well-known/netplay-configuration`), configuration),
  );
  if (found.issuer !== given.issuer) throw new AuthError('peer_is_another');
}

async function redeem(
  deps: AcceptInvitationDeps,
  given: NewIssuer,
  { issuer, id, secret }: InvitationText,
): Promise<IssuerPermission[]> {
  const assertion = await deps.issuer.issueAssertion(issuer);
  const { permissions } = await askInstance(given, async (fetchFn) => {
    const response = await fetchFn(`${issuer}/api/federation/invitations/redeem`, {
      method: 'POST',
      headers: { authorization: `Bearer ${assertion}`, 'content-type': 'application/json' },
      body: JSON.stringify({ id, secret, issuer: deps.audience }),
    });
    if (response.ok) return readAnswer(response, redeemed);
    const { code: theirs, detail } = await readAnswer(response, problem);
    const code = response.status === 503 ? 'peer_not_ready' : 'invitation_not_taken';
    throw new AuthError(code, { because: `It says: ${printable(`${detail} (${theirs})`)}` });
  });
  return permissions;
}

/** The other side chose these words; they end up in a terminal. */
const printable = (text: string): string => text.replace(/\p{C}+/gu, ' ').slice(0, MAX_REASON_LENGTH);
