import { createHash, createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { weaknessOf } from './weak-modulus.js';

/** RS256 unless configured otherwise: it verifies fastest, and there are many verifiers to one issuer. */
export const SIGNING_ALGS = ['RS256', 'PS256', 'ES256'] as const;
export type SigningAlg = (typeof SIGNING_ALGS)[number];

export const isSigningAlg = (value: unknown): value is SigningAlg =>
  (SIGNING_ALGS as readonly unknown[]).includes(value);

const MIN_RSA_BITS = 2048;
/**
 * Others choose their keys, and we pay for every check: an exponent as long as the modulus makes one take a
 * hundred times as long, in the event loop.
 */
const MAX_RSA_BITS = 8192;
const MAX_RSA_EXPONENT = 2n ** 32n;

/** The public members of a published key (RFC 7517). */
export interface PublicJwk {
  readonly kty: 'RSA' | 'EC';
  readonly kid: string;
  readonly alg: SigningAlg;
  readonly use: 'sig';
  readonly n?: string;
  readonly e?: string;
  readonly crv?: string;
  readonly x?: string;
  readonly y?: string;
}

/** A key that verifies tokens of exactly one algorithm. */
export interface VerificationKey {
  readonly kid: string;
  readonly alg: SigningAlg;
  readonly publicKey: KeyObject;
}

/** A key that signs, with what its verifiers need. */
export interface SigningKey extends VerificationKey {
  readonly privateKey: KeyObject;
  readonly publicJwk: PublicJwk;
}

/**
 * RFC 7638 thumbprint: SHA-256 over the required members in lexical order, base64url.
 * Naming keys after their content means two keys can never share a `kid` by accident.
 */
export function thumbprint(jwk: Pick<PublicJwk, 'kty' | 'n' | 'e' | 'crv' | 'x' | 'y'>): string {
  const required =
    jwk.kty === 'RSA'
      ? { e: jwk.e, kty: jwk.kty, n: jwk.n }
      : { crv: jwk.crv, kty: jwk.kty, x: jwk.x, y: jwk.y };
  return createHash('sha256').update(JSON.stringify(required)).digest('base64url');
}

const generateKeyPairAsync = promisify(generateKeyPair);

/** A fresh key pair: RSA of `modulusLength` bits (2048 and up), or P-256 for ES256. */
export async function generateSigningKey(alg: SigningAlg, modulusLength = MIN_RSA_BITS): Promise<SigningKey> {
  const { privateKey } =
    alg === 'ES256'
      ? await generateKeyPairAsync('ec', { namedCurve: 'P-256' })
      : await generateKeyPairAsync('rsa', { modulusLength });
  return signingKeyFromPrivate(alg, privateKey);
}

/** Reads a PKCS#8 PEM private key. Throws a TypeError when it does not fit `alg`. */
export function importSigningKey(alg: SigningAlg, pem: string): SigningKey {
  return signingKeyFromPrivate(alg, createPrivateKey(pem));
}

export function exportSigningKey(key: SigningKey): string {
  return key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

function signingKeyFromPrivate(alg: SigningAlg, privateKey: KeyObject): SigningKey {
  const publicKey = createPublicKey(privateKey);
  assertFits(alg, publicKey);
  const members = publicKey.export({ format: 'jwk' }) as Pick<
    PublicJwk,
    'kty' | 'n' | 'e' | 'crv' | 'x' | 'y'
  >;
  const kid = thumbprint(members);
  return { kid, alg, privateKey, publicKey, publicJwk: { ...members, kid, alg, use: 'sig' } };
}

/**
 * Reads one published key. Throws a TypeError for anything but a public signature key of a supported
 * algorithm with a `kid`: an unsupported key is the publisher's business, never a reason to guess.
 */
export function verificationKeyFromJwk(jwk: Readonly<Record<string, unknown>>): VerificationKey {
  const { kid, alg, use, key_ops: keyOps } = jwk;
  if (typeof kid !== 'string' || kid === '') throw new TypeError('The key has no kid.');
  if (!isSigningAlg(alg)) throw new TypeError('The key has no supported alg.');
  if (use !== undefined && use !== 'sig') throw new TypeError('The key is not meant for signatures (use).');
  if (keyOps !== undefined && !(Array.isArray(keyOps) && keyOps.includes('verify'))) {
    throw new TypeError('The key is not meant for verification (key_ops).');
  }
  if (['d', 'p', 'q', 'k'].some((member) => member in jwk)) {
    throw new TypeError('The key contains private members.');
  }
  const publicKey = createPublicKey({ key: jwk, format: 'jwk' });
  assertFits(alg, publicKey);
  return { kid, alg, publicKey };
}

function assertFits(alg: SigningAlg, key: KeyObject): void {
  const { modulusLength = 0, publicExponent = 0n, namedCurve } = key.asymmetricKeyDetails ?? {};
  if (alg === 'ES256') {
    if (key.asymmetricKeyType !== 'ec' || namedCurve !== 'prime256v1') {
      throw new TypeError('ES256 needs a P-256 key.');
    }
  } else if (
    key.asymmetricKeyType !== 'rsa' ||
    modulusLength < MIN_RSA_BITS ||
    modulusLength > MAX_RSA_BITS ||
    publicExponent > MAX_RSA_EXPONENT ||
    publicExponent < 3n ||
    publicExponent % 2n === 0n
  ) {
    throw new TypeError(
      `${alg} needs an RSA key of ${MIN_RSA_BITS} to ${MAX_RSA_BITS} bits with an odd exponent of 32 bits at most.`,
    );
  } else {
    const { n = '' } = key.export({ format: 'jwk' });
    const weakness = weaknessOf(BigInt(`0x${Buffer.from(n, 'base64url').toString('hex')}`));
    if (weakness !== undefined) throw new TypeError(`The modulus of the key ${weakness}.`);
  }
}
