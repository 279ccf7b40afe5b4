import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { INTERNAL_SECRET_HEADER } from '@romm-netplay/protocol/auth-api';
import { AuthError } from '../errors.js';

/**
 * Judges callers by the shared secret of this instance's servers (P1.6). Digests of equal length are
 * compared, in constant time, so that neither content nor length of the secret can be measured.
 * @throws AuthError internal_secret_unset, internal_secret_wrong
 */
export function createInternalAccess(secret: string | undefined): (headers: IncomingHttpHeaders) => void {
  const expected = secret === undefined ? undefined : digest(secret);
  return (headers) => {
    if (expected === undefined) throw new AuthError('internal_secret_unset');
    const shown = headers[INTERNAL_SECRET_HEADER];
    if (typeof shown !== 'string' || !timingSafeEqual(digest(shown), expected)) {
      throw new AuthError('internal_secret_wrong');
    }
  };
}

const digest = (value: string) => createHash('sha256').update(value).digest();
