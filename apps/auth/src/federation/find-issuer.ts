import type { RegisteredIssuer } from '@romm-netplay/protocol';
import { AuthError } from '../errors.js';
import { issuerIdOf } from './issuer-id.js';
import type { IssuerRegistry } from './issuer-registry.js';

/** @throws AuthError issuer_not_found */
export async function findIssuer(
  { issuers }: { readonly issuers: Pick<IssuerRegistry, 'list'> },
  id: string,
): Promise<RegisteredIssuer> {
  const { issuers: all } = await issuers.list();
  const found = all.find(({ issuer }) => issuerIdOf(issuer) === id);
  if (found === undefined) throw new AuthError('issuer_not_found');
  return found;
}
