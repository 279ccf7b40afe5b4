import type { RegisteredIssuer } from '@romm-netplay/protocol';
import { AuthError } from '../errors.js';

/** The strong entity tag of an issuer: a version is never given twice. */
export const issuerTag = ({ version }: Pick<RegisteredIssuer, 'version'>): string => `"${version}"`;

/**
 * Whether an If-Match header names what is held now, compared strongly (RFC 9110 section 13.1.1).
 * @throws AuthError precondition_required, precondition_failed
 */
export function assertIfMatch(ifMatch: string | undefined, held: RegisteredIssuer): void {
  if (ifMatch === undefined) throw new AuthError('precondition_required');
  const tags = ifMatch.split(',').map((tag) => tag.trim());
  // Who sends * overwrites whatever is there, and says so.
  if (!tags.includes(issuerTag(held)) && ifMatch.trim() !== '*') throw new AuthError('precondition_failed');
}
