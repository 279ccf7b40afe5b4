import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import {
  createLocalKeySet,
  exportSigningKey,
  generateSigningKey,
  importSigningKey,
  SIGNING_ALGS,
  verificationKeyFromJwk,
} from '@romm-netplay/token-core';
import { calculateJwkThumbprint } from 'jose';

describe('signing keys', () => {
  it.each(SIGNING_ALGS)('%s: kid is the RFC 7638 thumbprint and the PEM form keeps it', async (alg) => {
    const key = await generateSigningKey(alg);
    expect(key.kid).toBe(await calculateJwkThumbprint({ ...key.publicJwk }));
    expect(importSigningKey(alg, exportSigningKey(key)).kid).toBe(key.kid);
  });

  it('publishes no private member', async () => {
    const { publicJwk } = await generateSigningKey('RS256');
    expect(Object.keys(publicJwk).sort()).toEqual(['alg', 'e', 'kid', 'kty', 'n', 'use']);
  });

  it('refuses keys that do not fit the algorithm', () => {
    const pem = (options: ReturnType<typeof generateKeyPairSync>) =>
      options.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const small = pem(generateKeyPairSync('rsa', { modulusLength: 1024 }));
    const p384 = pem(generateKeyPairSync('ec', { namedCurve: 'P-384' }));
    expect(() => importSigningKey('RS256', small)).toThrow(TypeError);
    expect(() => importSigningKey('ES256', p384)).toThrow(TypeError);
    expect(() => importSigningKey('RS256', p384)).toThrow(TypeError);
  });

  it('refuses two keys with one kid', async () => {
    const key = await generateSigningKey('ES256');
    expect(() => createLocalKeySet([key, key])).toThrow(TypeError);
  });
});

describe('published keys', () => {
  it('are read back as they were published', async () => {
    const { publicJwk, kid, alg, publicKey } = await generateSigningKey('ES256');
    const read = verificationKeyFromJwk({ ...publicJwk });
    expect(read).toMatchObject({ kid, alg });
    expect(read.publicKey.equals(publicKey)).toBe(true);
  });

  it('are refused when they are not plain public signature keys', async () => {
    const { publicJwk, privateKey } = await generateSigningKey('RS256');
    const jwk = { ...publicJwk };
    const refused: Record<string, unknown>[] = [
      { ...jwk, kid: undefined },
      { ...jwk, kid: '' },
      { ...jwk, alg: undefined },
      { ...jwk, alg: 'HS256' },
      { ...jwk, alg: 'ES256' },
      { ...jwk, use: 'enc' },
      { ...jwk, key_ops: ['encrypt'] },
      { ...jwk, ...privateKey.export({ format: 'jwk' }) },
      { kty: 'oct', k: 'c2VjcmV0', kid: 'x', alg: 'RS256' },
      { kty: 'RSA', kid: 'x', alg: 'RS256' },
    ];
    for (const candidate of refused) expect(() => verificationKeyFromJwk(candidate)).toThrow();
  });
  it('P2.3: are refused where somebody chose them to make each check expensive', async () => {
    const { publicJwk } = await generateSigningKey('RS256');
    const long = (bytes: number) => Buffer.alloc(bytes, 0xff).toString('base64url');
    for (const costly of [{ e: long(256) }, { e: long(5) }, { n: long(1_025) }]) {
      expect(() => verificationKeyFromJwk({ ...publicJwk, ...costly })).toThrow('exponent of 32 bits');
    }
    const accepts = (n: string) => {
      try {
        return verificationKeyFromJwk({ ...publicJwk, n }).kid === publicJwk.kid;
      } catch {
        return false;
      }
    };
    // One odd number in six has no small factor.
    const ofLength = (bytes: number) =>
      Buffer.from([0x80, ...randomBytes(bytes - 2), 0x01]).toString('base64url');
    const tries = (bytes: number) => Array.from({ length: 200 }, () => accepts(ofLength(bytes)));
    expect(tries(1_024)).toContain(true);
    expect(tries(1_025)).not.toContain(true);
  });
});
