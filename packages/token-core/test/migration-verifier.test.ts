import { describe, expect, it } from '@jest/globals';
import {
  createLocalKeySet,
  createMigrationVerifier,
  createTokenVerifier,
  type TokenType,
  trustOnly,
} from '@romm-netplay/token-core';
import jwt from 'jsonwebtoken';
import { createIssuer, ISSUER, NOW_MS, NOW_SECONDS } from './support/issuer.js';

const SECRET = 'the-secret-that-romm-signs-with';
const JTI = '0123456789abcdef0123456789abcdef';
const CLAIMS = {
  iss: 'romm:sfu',
  sub: 'ada',
  iat: NOW_SECONDS,
  exp: NOW_SECONDS + 30,
  type: 'sfu:write',
  jti: JTI,
};
const TYPES: readonly TokenType[] = ['sfu:read', 'sfu:write', 'sfu'];

const hs256 = (changes: object = {}, secret = SECRET, options: jwt.SignOptions = {}) =>
  jwt.sign(JSON.parse(JSON.stringify({ ...CLAIMS, ...changes })) as object, secret, {
    algorithm: 'HS256',
    ...options,
  });

async function setUp(secret: string | null = SECRET) {
  const { key, issuer } = await createIssuer('ES256');
  const used: string[] = [];
  const now = () => NOW_MS;
  const modern = createTokenVerifier({
    trustedIssuers: trustOnly(ISSUER, createLocalKeySet([key])),
    audience: ISSUER,
    now,
  });
  const verifier = createMigrationVerifier(modern, {
    hs256Secret: secret ?? undefined,
    now,
    onUse: (feature) => used.push(feature),
  });
  const codeOf = (token: string, types = TYPES) =>
    verifier.verify(token, types).then(
      () => 'accepted',
      (error: unknown) => (error as { code: string }).code,
    );
  return { key, issuer, used, codeOf };
}

describe('tokens under the shared secret (P1.5)', () => {
  it('are refused unless their secret is given', async () => {
    const { codeOf, used } = await setUp(null);
    expect(await codeOf(hs256())).toBe('token_kid_missing');
    expect(used).toEqual([]);
  });

  it('verify, and each use is told', async () => {
    const { codeOf, used, issuer } = await setUp();
    expect(await codeOf(hs256())).toBe('accepted');
    expect(await codeOf(hs256({ type: 'sfu' }))).toBe('accepted');
    expect(await codeOf(hs256({ type: 'sfu:read', jti: undefined }))).toBe('accepted');
    expect(used).toEqual(['hs256', 'hs256', 'sfu-type', 'hs256']);
    expect(await codeOf((await issuer.issueReadToken({ sub: 'ada' }, ISSUER)).token)).toBe('accepted');
    expect(used).toHaveLength(4);
  });

  it.each([
    ['token_signature', 'another secret', () => hs256({}, 'x')],
    ['token_signature', 'our issuer', () => hs256({ iss: ISSUER })],
    ['token_expired', 'too old', () => hs256({ exp: NOW_SECONDS - 5 })],
    ['token_exp_missing', 'no expiry', () => hs256({ exp: undefined })],
    ['token_jti_missing', 'no jti', () => hs256({ jti: undefined })],
    ['token_jti_missing', 'a jti that is a pattern', () => hs256({ jti: '*' })],
    ['token_subject_missing', 'no subject', () => hs256({ sub: '' })],
    ['token_header_invalid', 'a key id', () => hs256({}, SECRET, { keyid: 'x' })],
    ['token_crit', 'an extension', () => hs256({}, SECRET, { header: { alg: 'HS256', crit: ['b64'] } })],
    ['token_alg_none', 'none', () => jwt.sign(CLAIMS, null, { algorithm: 'none' })],
    ['token_kid_missing', 'HS512', () => hs256({}, SECRET, { algorithm: 'HS512' })],
  ])('%s: %s', async (code, _what, makeToken) => {
    const { codeOf, used } = await setUp();
    expect(await codeOf(makeToken())).toBe(code);
    expect(used).toEqual([]);
  });

  it('are not made by whoever knows a public key', async () => {
    const { key, codeOf } = await setUp();
    const publicPem = key.publicKey.export({ type: 'spki', format: 'pem' }).toString();
    expect(await codeOf(hs256({}, publicPem))).toBe('token_signature');
  });
});
