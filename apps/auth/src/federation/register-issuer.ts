import { type IssuerTerms, readIssuer, type RegisteredIssuer } from '@romm-netplay/protocol';
import { AuthError } from '../errors.js';
import { checkTerms } from './check-terms.js';
import type { IssuerAdminDeps } from './issuer-admin.js';

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
  if (addressOf(given.issuer) === addressOf(deps.audience)) throw new AuthError('own_issuer');
  checkTerms(given);
  const at = new Date(deps.now()).toISOString();
  const draft = { ...given, state: 'pending', created_at: at, updated_at: at } as const;
  const put = await deps.issuers.put(draft, undefined);
  switch (put.outcome) {
    case 'stored':
      return put.issuer;
    case 'conflict':
      throw new AuthError('issuer_exists');
    case 'full':
      throw new AuthError('too_many_issuers');
  }
}

/** Without the scheme: this instance is itself over http as well as over https. */
function addressOf(url: string): string {
  const reading = readIssuer(url, { allowHttp: true });
  return ('issuer' in reading ? reading.issuer : url).replace(/^https?:/, '');
}
