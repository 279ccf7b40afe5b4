import type { DescribedKey } from '@romm-netplay/protocol';
import type { Reach } from '@romm-netplay/peers';
import { fetchKeySet, type PublicJwk, thumbprint, type VerificationKey } from '@romm-netplay/token-core';
import { AuthError } from '../errors.js';
import { askInstance } from './ask-instance.js';

/** Less than an instance waits for us that has asked for something which needs its keys. */
const TIMEOUT_MS = 2_000;

/**
 * The keys that an instance publishes now, with nothing remembered of before.
 * @throws AuthError peer_unreachable (or `unreachable`), peer_answer_invalid, issuer_certificate_unusable
 */
export async function fetchPublishedKeys(
  of: Reach & { readonly issuer: string },
  unreachable?: 'caller_unreachable',
): Promise<VerificationKey[]> {
  const { keys } = await askInstance(
    of,
    (fetchFn) => fetchKeySet(fetchFn, `${of.issuer}/.well-known/jwks.json`, TIMEOUT_MS),
    unreachable,
  );
  if (keys.size === 0) throw new AuthError('peer_answer_invalid');
  return [...keys.values()];
}

const MAX_SHOWN_KID_LENGTH = 128;

/** As administrators compare them. The other side chose the kid; in a terminal it must write over nothing. */
export const describeKey = ({ kid, alg, publicKey }: VerificationKey): DescribedKey => ({
  kid: kid.replace(/\p{C}+/gu, ' ').slice(0, MAX_SHOWN_KID_LENGTH),
  alg,
  thumbprint: thumbprint(publicKey.export({ format: 'jwk' }) as Omit<PublicJwk, 'kid' | 'alg' | 'use'>),
});

/** The same of the keys of this instance. */
export const describeOwnKey = (jwk: PublicJwk): DescribedKey => ({
  kid: jwk.kid,
  alg: jwk.alg,
  thumbprint: thumbprint(jwk),
});
