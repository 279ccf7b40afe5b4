import type { IssuerDraft, IssuerTerms, RegisteredIssuer } from '@romm-netplay/protocol';
import { AuthError } from '../errors.js';
import { checkTerms } from './check-terms.js';
import type { IssuerAdminDeps } from './issuer-admin.js';
import { isSameInstance } from './own-address.js';

export interface NewIssuer extends IssuerTerms {
  /** In canonical form. */
  readonly issuer: string;
  readonly allow_http: boolean;
}

/**
 * Begins pending: nobody is trusted by being written down.
 * @throws AuthError own_issuer, issuer_exists, too_many_issuers, issuer_key_unusable,
 * issuer_certificate_unusable
 */
export async function registerIssuer(deps: IssuerAdminDeps, given: NewIssuer): Promise<RegisteredIssuer> {
  if (isSameInstance(given.issuer, deps.audience)) throw new AuthError('own_issuer');
  checkTerms(given);
  const put = await deps.issuers.put(pendingIssuer(given, deps.now()), undefined);
  switch (put.outcome) {
    case 'stored':
      await deps.issuersChanged();
      return put.issuer;
    case 'conflict':
      throw new AuthError('issuer_exists');
    case 'full':
      throw new AuthError('too_many_issuers');
  }
}

export function pendingIssuer(given: NewIssuer, nowMs: number): IssuerDraft {
  const at = new Date(nowMs).toISOString();
  return { ...given, state: 'pending', created_at: at, updated_at: at };
}
