import { createHash, randomBytes } from 'node:crypto';
import type { InvitedTerms } from '@romm-netplay/protocol';
import { AuthError } from '../errors.js';
import { checkTerms } from './check-terms.js';
import type { InvitationStore } from './invitation-store.js';
import { writeInvitation } from './invitation-text.js';

/** Long enough to paste it into a message and from there. */
export const INVITATION_LIFETIME_MS = 15 * 60 * 1000;
/** What has expired is shown a while longer, so that one sees what became of it. */
const KEPT_AFTER_END_MS = 24 * 3600 * 1000;

export interface InvitationsDeps {
  readonly invitations: InvitationStore;
  /** This instance's own URL. */
  readonly audience: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export interface CreatedInvitation {
  readonly id: string;
  /** Shown once; only a hash of its secret is kept. */
  readonly invitation: string;
  readonly expiresAtMs: number;
}

/** @throws AuthError issuer_certificate_unusable, too_many_invitations */
export async function createInvitation(
  { invitations, audience, now }: InvitationsDeps,
  terms: InvitedTerms,
): Promise<CreatedInvitation> {
  checkTerms({ ...terms, pinned_keys: [] });
  const [id, secret] = [randomBytes(12).toString('base64url'), randomBytes(16).toString('base64url')];
  const createdAtMs = now();
  const expiresAtMs = createdAtMs + INVITATION_LIFETIME_MS;
  await invitations.purge(createdAtMs - KEPT_AFTER_END_MS);
  const secretHash = createHash('sha256').update(secret).digest('hex');
  const added = await invitations.add({ id, secretHash, terms, createdAtMs, expiresAtMs });
  if (!added) throw new AuthError('too_many_invitations');
  return { id, invitation: writeInvitation({ issuer: audience, id, secret }), expiresAtMs };
}
