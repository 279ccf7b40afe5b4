import { X509Certificate } from 'node:crypto';
import type { IssuerTerms } from '@romm-netplay/protocol';
import { verificationKeyFromJwk } from '@romm-netplay/token-core';
import { AuthError } from '../errors.js';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * Reads keys and certificates as they will be used: an administrator hears of a broken one now, instead of
 * players later. @throws AuthError issuer_key_unusable, issuer_certificate_unusable
 */
export function checkTerms({
  pinned_keys: keys,
  ca_certificate: pem,
}: Pick<IssuerTerms, 'pinned_keys' | 'ca_certificate'>): void {
  try {
    for (const key of keys) verificationKeyFromJwk(key);
  } catch (cause) {
    throw new AuthError('issuer_key_unusable', { cause });
  }
  try {
    for (const [certificate] of pem?.matchAll(CERTIFICATE) ?? []) new X509Certificate(certificate);
  } catch (cause) {
    throw new AuthError('issuer_certificate_unusable', { cause });
  }
}
