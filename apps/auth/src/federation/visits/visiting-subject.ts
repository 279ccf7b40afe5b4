import { createHmac } from 'node:crypto';
import type { RegisteredIssuer } from '@romm-netplay/protocol';

/** Names the secret that pairwise ids are made with. */
export const PAIRWISE_SECRET = 'pairwise-subject';

/**
 * By which id an instance knows a player of ours. A pairwise one (OpenID Connect Core 1.0 section 8.1) stays
 * the same, so that a ban holds, and tells two instances nothing that they could compare.
 */
export function visitingSubject(
  pairwiseSecret: Buffer,
  sub: string,
  { issuer, subject }: Pick<RegisteredIssuer, 'issuer' | 'subject'>,
): string {
  if (subject === 'plain') return sub;
  return createHmac('sha256', pairwiseSecret)
    .update(JSON.stringify([sub, issuer]))
    .digest('base64url');
}
