import type { IssuerState, IssuerTerms, RegisteredIssuer } from '@romm-netplay/protocol';
import { AuthError } from '../errors.js';
import { checkTerms } from './check-terms.js';
import { findIssuer } from './find-issuer.js';
import { assertThumbprintsConfirmed } from './confirm-thumbprints.js';
import type { IssuerAdminDeps } from './issuer-admin.js';
import { assertIfMatch } from './issuer-precondition.js';

const FOLLOWING: Readonly<Record<IssuerState, readonly IssuerState[]>> = {
  pending: ['pending', 'active'],
  active: ['active', 'suspended'],
  suspended: ['suspended', 'active'],
};

export interface IssuerChange {
  readonly id: string;
  /** The If-Match header. */
  readonly ifMatch: string | undefined;
  readonly changed: IssuerTerms & { readonly state: IssuerState };
  /** Of the keys that the administrator has compared. */
  readonly confirmedThumbprints: readonly string[] | undefined;
}

/**
 * Nobody is trusted by keys that no administrator has seen.
 * @throws AuthError issuer_not_found, precondition_required, precondition_failed, issuer_state_refused,
 * issuer_key_unusable, issuer_certificate_unusable, thumbprints_not_confirmed, peer_unreachable,
 * peer_answer_invalid
 */
export async function replaceIssuer(
  deps: IssuerAdminDeps,
  { id, ifMatch, changed, confirmedThumbprints }: IssuerChange,
): Promise<RegisteredIssuer> {
  const { version, ...held } = await findIssuer(deps, id);
  assertIfMatch(ifMatch, { version, ...held });
  if (!FOLLOWING[held.state].includes(changed.state)) throw new AuthError('issuer_state_refused');
  checkTerms(changed);
  const draft = { ...held, ...changed, updated_at: new Date(deps.now()).toISOString() };
  const isNewlyTrusted = held.state === 'pending' && changed.state === 'active';
  if (isNewlyTrusted && changed.pinned_keys.length === 0) {
    await assertThumbprintsConfirmed(draft, confirmedThumbprints);
  }
  const put = await deps.issuers.put(draft, version);
  // It was there a moment ago, so only somebody who was faster can be in the way.
  if (put.outcome !== 'stored') throw new AuthError('precondition_failed');
  await deps.issuersChanged();
  return put.issuer;
}
