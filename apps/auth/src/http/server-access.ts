import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Access } from '@romm-netplay/protocol';
import { INTERNAL_SECRET_HEADER } from '@romm-netplay/protocol/auth-api';
import { bearerOf } from '@romm-netplay/service-kit';
import { AuthError } from '../errors.js';

export interface ServerSecrets {
  /** Shared with this instance's SFU servers (P1.6). */
  readonly internalSecret: string | undefined;
  /** In clear, or as `sha256:` and 64 hex digits. */
  readonly adminApiKey: string | undefined;
}

/**
 * Judges callers who are servers or operators, not players. Digests of equal length are compared, in
 * constant time, so that neither content nor length of a secret can be measured.
 * @throws AuthError internal_secret_unset, internal_secret_wrong, admin_key_unset, admin_key_wrong
 */
export function createServerAccess({ internalSecret, adminApiKey }: ServerSecrets) {
  const isInternal = secretCheck(internalSecret);
  const isAdmin = secretCheck(adminApiKey);

  return (access: Access, headers: IncomingHttpHeaders): void => {
    if (access === 'internal') {
      if (isInternal === undefined) throw new AuthError('internal_secret_unset');
      const shown = headers[INTERNAL_SECRET_HEADER];
      if (typeof shown !== 'string' || !isInternal(shown)) throw new AuthError('internal_secret_wrong');
    }
    if (access === 'admin') {
      if (isAdmin === undefined) throw new AuthError('admin_key_unset');
      const shown = bearerOf(headers.authorization);
      if (shown === undefined || !isAdmin(shown)) throw new AuthError('admin_key_wrong');
    }
  };
}

const HASHED = /^sha256:([0-9a-f]{64})$/i;

function secretCheck(secret: string | undefined): ((shown: string) => boolean) | undefined {
  if (secret === undefined) return undefined;
  const hash = HASHED.exec(secret)?.[1];
  const expected = hash === undefined ? digest(secret) : Buffer.from(hash, 'hex');
  return (shown) => timingSafeEqual(digest(shown), expected);
}

const digest = (value: string) => createHash('sha256').update(value).digest();
