import { AuthError } from '../errors.js';
import type { InvitationStore } from './invitation-store.js';

/** @throws AuthError invitation_not_found */
export async function withdrawInvitation(
  { invitations }: { readonly invitations: InvitationStore },
  id: string,
): Promise<void> {
  if (!(await invitations.remove(id))) throw new AuthError('invitation_not_found');
}
