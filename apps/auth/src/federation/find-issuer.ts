import type { RegisteredIssuer } from '@romm-netplay/protocol';
import type { IssuerFeed } from '@romm-netplay/shared-state';
import { AuthError } from '../errors.js';
import { issuerIdOf } from './issuer-id.js';

/** @throws AuthError issuer_not_found */
export async function findIssuer(
  { issuers }: { readonly issuers: IssuerFeed },
  id: string,
): Promise<RegisteredIssuer> {
  const { issuers: all } = await issuers.list();
  const found = all.find(({ issuer }) => issuerIdOf(issuer) === id);
  if (found === undefined) throw new AuthError('issuer_not_found');
  return found;
}
