import { AuthError } from '../errors.js';
import { findIssuer } from './find-issuer.js';
import type { IssuerAdminDeps } from './issuer-admin.js';
import { assertIfMatch } from './issuer-precondition.js';

/**
 * Answers the URL of the one that is gone.
 * @throws AuthError issuer_not_found, precondition_required, precondition_failed
 */
export async function removeIssuer(
  deps: Pick<IssuerAdminDeps, 'issuers' | 'issuersChanged'>,
  { id, ifMatch }: { readonly id: string; readonly ifMatch: string | undefined },
): Promise<string> {
  const held = await findIssuer(deps, id);
  assertIfMatch(ifMatch, held);
  if ((await deps.issuers.remove(held.issuer, held.version)) === 'conflict') {
    throw new AuthError('precondition_failed');
  }
  await deps.issuersChanged();
  return held.issuer;
}
