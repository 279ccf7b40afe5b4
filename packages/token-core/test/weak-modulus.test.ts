/** Keys that anybody can factor are refused, whoever publishes them (P2.2). */
import { checkPrimeSync, generateKeyPairSync, generatePrimeSync, randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { verificationKeyFromJwk } from '@romm-netplay/token-core';
import { weaknessOf } from '../src/weak-modulus.js';

const toNumber = (bytes: Buffer): bigint => BigInt(`0x${bytes.toString('hex')}`);
const jwkOf = (modulus: bigint, e = 'AQAB') => {
  const hex = modulus.toString(16);
  const n = Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex').toString('base64url');
  return { kty: 'RSA', kid: 'k', alg: 'RS256', use: 'sig', n, e };
};
const refusal = (modulus: bigint, e?: string): string => {
  try {
    verificationKeyFromJwk(jwkOf(modulus, e));
    return 'accepted';
  } catch (error) {
    return (error as Error).message;
  }
};
const prime = (bits: number): bigint => generatePrimeSync(bits, { bigint: true });
const isPrime = (candidate: bigint) => checkPrimeSync(candidate);
/** 2048 bits exactly. */
const product = (make: () => bigint): bigint => {
  for (;;) {
    const modulus = make();
    if (modulus.toString(2).length === 2048) return modulus;
  }
};

/** As the library made them: k * M + (65537^a mod M), with M the product of the first 71 primes. */
function rocaPrime(): bigint {
  const primes: bigint[] = [];
  for (let candidate = 2n; primes.length < 71; candidate += 1n) {
    if (primes.every((each) => candidate % each !== 0n)) primes.push(candidate);
  }
  const m = primes.reduce((product, each) => product * each, 1n);
  const spare = 1024 - m.toString(2).length;
  for (;;) {
    let power = 1n;
    for (let exponent = toNumber(randomBytes(2)); exponent > 0n; exponent -= 1n)
      power = (power * 65_537n) % m;
    const k = (1n << BigInt(spare)) + (toNumber(randomBytes(8)) % (1n << BigInt(spare)));
    const candidate = k * m + power;
    if (candidate.toString(2).length === 1024 && isPrime(candidate)) return candidate;
  }
}

describe('a modulus that anybody can factor', () => {
  it('of ROCA is refused', () => {
    const modulus = product(() => rocaPrime() * rocaPrime());
    expect(refusal(modulus)).toMatch(/ROCA/);
  }, 60_000);

  it('of factors that are too close is refused', () => {
    const modulus = product(() => {
      const one = prime(1024);
      let other = one + 2n;
      while (!isPrime(other)) other += 2n;
      return one * other;
    });
    expect(refusal(modulus)).toMatch(/too close/);
    expect(refusal(product(() => prime(1024) ** 2n))).toMatch(/too close/);
  });

  it.each([3n, 5n, 9_973n])('with the small factor %s is refused', (factor) => {
    const modulus = product(() => factor * prime(2048 - factor.toString(2).length));
    expect(refusal(modulus)).toMatch(/small factor/);
  });

  it.each(['AQ', 'Ag', 'BA'])('with the exponent %s is refused: it signs nothing', (e) => {
    const { n } = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' });
    const modulus = toNumber(Buffer.from(n!, 'base64url'));
    expect(refusal(modulus, e)).toMatch(/exponent|key/i);
    expect(refusal(modulus, e)).not.toBe('accepted');
  });

  it.each([2048, 3072, 4096])('is none of those that are made here: %s bits', (modulusLength) => {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength });
    const { n } = publicKey.export({ format: 'jwk' });
    expect(weaknessOf(toNumber(Buffer.from(n!, 'base64url')))).toBeUndefined();
  });
});
