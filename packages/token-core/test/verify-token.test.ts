import { createHmac, sign as cryptoSign, type KeyObject } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import {
  createLocalKeySet,
  createTokenVerifier,
  generateSigningKey,
  SIGNING_ALGS,
  type SigningKey,
  TokenError,
  type TokenErrorCode,
  type TokenIssuer,
  type TokenType,
  type TokenVerifier,
  trustOnly,
} from '@romm-netplay/token-core';
import fc from 'fast-check';
import { jwtVerify } from 'jose';
import { createIssuer, decode, encode, ISSUER, NOW_MS, NOW_SECONDS } from './support/issuer.js';

const SUBJECT = { sub: 'user-1', netplayUsername: 'Ada' };
const ALL_TYPES: readonly TokenType[] = ['sfu:read', 'sfu:write', 'sfu'];

let key: SigningKey;
let otherKey: SigningKey;
let issuer: TokenIssuer;
let verifier: TokenVerifier;

beforeAll(async () => {
  ({ key, issuer } = await createIssuer());
  otherKey = await generateSigningKey('RS256');
  verifier = createTokenVerifier({
    trustedIssuers: trustOnly(ISSUER, createLocalKeySet([key])),
    audience: ISSUER,
    now: () => NOW_MS,
  });
});

const CLAIMS = {
  iss: ISSUER,
  sub: 'user-1',
  aud: ISSUER,
  iat: NOW_SECONDS,
  exp: NOW_SECONDS + 30,
  type: 'sfu:read',
};

/** A token signed by hand, so that every part of it can be wrong. */
function craft(header: object, claims: object, privateKey: KeyObject = key.privateKey): string {
  const input = `${encode({ alg: 'RS256', typ: 'JWT', kid: key.kid, ...header })}.${encode(claims)}`;
  return `${input}.${cryptoSign('sha256', Buffer.from(input), privateKey).toString('base64url')}`;
}

const claim = (changes: Record<string, unknown>) => craft({}, { ...CLAIMS, ...changes });

async function codeOf(
  token: string,
  types: readonly TokenType[] = ALL_TYPES,
): Promise<TokenErrorCode | 'accepted'> {
  try {
    await verifier.verify(token, types);
    return 'accepted';
  } catch (error) {
    if (error instanceof TokenError) return error.code;
    throw error;
  }
}

describe('issue and verify', () => {
  it.each(SIGNING_ALGS)('accepts what the issuer signs with %s (P2.1)', async (alg) => {
    const { key: algKey, issuer: algIssuer } = await createIssuer(alg);
    const trustedIssuers = trustOnly(ISSUER, createLocalKeySet([algKey]));
    const algVerifier = createTokenVerifier({ trustedIssuers, audience: ISSUER, now: () => NOW_MS });
    const { token } = await algIssuer.issueReadToken(SUBJECT, ISSUER);
    await expect(algVerifier.verify(token, ['sfu:read'])).resolves.toEqual({
      iss: ISSUER,
      sub: 'user-1',
      aud: ISSUER,
      iat: NOW_SECONDS,
      exp: NOW_SECONDS + 900,
      type: 'sfu:read',
      netplay_username: 'Ada',
    });
    const { protectedHeader } = await jwtVerify(token, algKey.publicKey, {
      issuer: ISSUER,
      audience: ISSUER,
      currentDate: new Date(NOW_MS),
    });
    expect(protectedHeader).toEqual({ alg, typ: 'JWT', kid: algKey.kid });
  });

  it('gives read tokens 15 minutes and no jti, write tokens 30 seconds and a jti of 32 hex digits (P1.1-P1.3)', async () => {
    const read = await issuer.issueReadToken(SUBJECT, ISSUER);
    const write = await issuer.issueWriteToken(SUBJECT, ISSUER);
    expect(read.expiresInSeconds).toBe(900);
    expect(decode(read.token).claims).not.toHaveProperty('jti');
    expect(write.expiresInSeconds).toBe(30);
    expect(write.expiresAtMs).toBe(NOW_MS + 30_000);
    expect(decode(write.token).claims['jti']).toBe(write.jti);
    expect(write.jti).toMatch(/^[0-9a-f]{32}$/);
  });

  it('treats an empty subject or audience as a bug of the caller', async () => {
    await expect(issuer.issueReadToken({ sub: '' }, ISSUER)).rejects.toThrow(TypeError);
    expect(() => createTokenVerifier({ trustedIssuers: () => undefined, audience: '' })).toThrow(TypeError);
  });
});

describe('refusals, each with a code of its own', () => {
  const hs256 = () => {
    const input = `${encode({ alg: 'HS256', typ: 'JWT', kid: key.kid })}.${encode(CLAIMS)}`;
    const publicPem = key.publicKey.export({ type: 'spki', format: 'pem' });
    return `${input}.${createHmac('sha256', publicPem).update(input).digest('base64url')}`;
  };
  const unsigned = (alg: string) => `${encode({ alg, typ: 'JWT', kid: key.kid })}.${encode(CLAIMS)}.`;
  const parts = () => claim({}).split('.') as [string, string, string];

  const table: [TokenErrorCode, string, () => string][] = [
    ['token_too_large', 'more than 8 KB', () => claim({ padding: 'x'.repeat(8_192) })],
    ['token_malformed', 'nothing', () => ''],
    ['token_malformed', 'two parts', () => parts().slice(0, 2).join('.')],
    ['token_malformed', 'four parts', () => `${claim({})}.x`],
    [
      'token_json_serialization',
      'JSON serialisation',
      () => JSON.stringify({ payload: 'x', signatures: [] }),
    ],
    ['token_encoding', 'padding', () => `${claim({})}==`],
    ['token_encoding', 'white space', () => `${claim({})} `],
    ['token_encoding', 'the standard base64 alphabet', () => claim({}).replace(/[-_A-Za-z](?=[^.]*$)/, '+')],
    ['token_encoding', 'stray bits in the last character', () => nonCanonical(claim({}))],
    ['token_header_invalid', 'a header that is not JSON', () => `eHh4.${parts()[1]}.${parts()[2]}`],
    ['token_header_invalid', 'a header that is a list', () => `${encode([])}.${parts()[1]}.${parts()[2]}`],
    ['token_header_invalid', 'an alg that is not a string', () => craft({ alg: ['RS256'] }, CLAIMS)],
    ['token_payload_invalid', 'a payload that is a list', () => craft({}, [])],
    ['token_typ', 'no typ', () => craft({ typ: undefined }, CLAIMS)],
    ['token_typ', 'another typ', () => craft({ typ: 'at+jwt' }, CLAIMS)],
    ['token_crit', 'a crit header', () => craft({ crit: ['b64'], b64: false }, CLAIMS)],
    ['token_crit', 'an empty crit header', () => craft({ crit: [] }, CLAIMS)],
    [
      'token_embedded_key',
      'an embedded jwk',
      () => craft({ jwk: otherKey.publicJwk }, CLAIMS, otherKey.privateKey),
    ],
    ['token_embedded_key', 'a jku', () => craft({ jku: 'https://evil.example/jwks.json' }, CLAIMS)],
    ['token_embedded_key', 'an x5u', () => craft({ x5u: 'https://evil.example/x5u' }, CLAIMS)],
    ['token_embedded_key', 'an x5c', () => craft({ x5c: ['MII'] }, CLAIMS)],
    ['token_alg_none', 'alg none', () => unsigned('none')],
    ['token_alg_none', 'alg NoNe', () => unsigned('NoNe')],
    ['token_kid_missing', 'no kid', () => craft({ kid: undefined }, CLAIMS)],
    ['token_kid_missing', 'an empty kid', () => craft({ kid: '' }, CLAIMS)],
    ['token_kid_missing', 'a kid that is not a string', () => craft({ kid: 7 }, CLAIMS)],
    ['token_key_unknown', 'an unknown kid', () => craft({ kid: otherKey.kid }, CLAIMS, otherKey.privateKey)],
    ['token_alg_mismatch', 'HS256 with the public key as secret', hs256],
    ['token_alg_mismatch', 'PS256 in the header of an RS256 key', () => craft({ alg: 'PS256' }, CLAIMS)],
    [
      'token_signature',
      "another key's signature under our kid",
      () => craft({}, CLAIMS, otherKey.privateKey),
    ],
    ['token_signature', 'no signature', () => parts().slice(0, 2).join('.') + '.'],
    [
      'token_signature',
      'a changed payload',
      () => `${parts()[0]}.${encode({ ...CLAIMS, sub: 'root' })}.${parts()[2]}`,
    ],
    ['token_issuer_untrusted', 'no issuer', () => claim({ iss: undefined })],
    ['token_issuer_untrusted', 'another issuer', () => claim({ iss: 'https://evil.example' })],
    ['token_issuer_untrusted', 'a list of issuers', () => claim({ iss: [ISSUER] })],
    ['token_audience', 'no audience', () => claim({ aud: undefined })],
    ['token_audience', 'another audience', () => claim({ aud: 'https://other.example' })],
    [
      'token_audience',
      'several audiences, us among them',
      () => claim({ aud: [ISSUER, 'https://other.example'] }),
    ],
    ['token_expired', 'expired longer ago than the skew', () => claim({ exp: NOW_SECONDS - 5 })],
    ['token_exp_missing', 'no exp', () => claim({ exp: undefined })],
    ['token_time_invalid', 'an exp that is a string', () => claim({ exp: '9999999999' })],
    ['token_time_invalid', 'an exp that is a fraction', () => claim({ exp: NOW_SECONDS + 0.5 })],
    ['token_time_invalid', 'an iat that is a string', () => claim({ iat: String(NOW_SECONDS) })],
    ['token_not_yet_valid', 'an nbf in the future', () => claim({ nbf: NOW_SECONDS + 6 })],
    ['token_time_invalid', 'an nbf that is a string', () => claim({ nbf: 'soon' })],
    ['token_iat_missing', 'no iat', () => claim({ iat: undefined })],
    ['token_issued_in_future', 'an iat in the future', () => claim({ iat: NOW_SECONDS + 6 })],
    ['token_subject_missing', 'no subject', () => claim({ sub: undefined })],
    ['token_subject_missing', 'an empty subject', () => claim({ sub: '' })],
    ['token_subject_missing', 'a subject that is not a string', () => claim({ sub: { $ne: null } })],
    ['token_name_invalid', 'a name that is not a string', () => claim({ netplay_username: ['Ada'] })],
    ['token_socket_invalid', 'a connection that is no string', () => claim({ socket: { id: 1 } })],
    ['token_type', 'no type', () => claim({ type: undefined })],
    ['token_type', 'an unknown type', () => claim({ type: 'sfu:admin' })],
    ['token_jti_missing', 'a write token without jti', () => claim({ type: 'sfu:write' })],
    ['token_jti_missing', 'a jti of another form', () => claim({ type: 'sfu:write', jti: '*' })],
    ['token_jti_missing', 'an older token without jti', () => claim({ type: 'sfu' })],
  ];

  it.each(table)('%s: %s', async (code, _what, makeToken) => {
    await expect(codeOf(makeToken())).resolves.toBe(code);
  });

  it('token_type: a type the caller does not take (D1)', async () => {
    const read = (await issuer.issueReadToken(SUBJECT, ISSUER)).token;
    const write = (await issuer.issueWriteToken(SUBJECT, ISSUER)).token;
    await expect(codeOf(read, ['sfu:write'])).resolves.toBe('token_type');
    await expect(codeOf(write, ['sfu:read'])).resolves.toBe('token_type');
    await expect(codeOf(write, ['sfu'])).resolves.toBe('token_type');
  });

  it('accepts times within the skew of 5 s on both sides', async () => {
    await expect(codeOf(claim({ exp: NOW_SECONDS - 4 }))).resolves.toBe('accepted');
    await expect(codeOf(claim({ nbf: NOW_SECONDS + 5 }))).resolves.toBe('accepted');
    await expect(codeOf(claim({ iat: NOW_SECONDS + 5 }))).resolves.toBe('accepted');
  });

  it('holds no part of the token in the error', async () => {
    const token = claim({ aud: 'https://other.example', sub: 'very-private' });
    const error = await verifier.verify(token, ALL_TYPES).catch((caught: unknown) => caught);
    const text = `${String(error)} ${JSON.stringify(error)}`;
    expect(text).not.toContain('very-private');
    expect(text).not.toContain(token.slice(0, 20));
  });

  it('refuses every token with one character changed', async () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const { token } = await issuer.issueWriteToken(SUBJECT, ISSUER);
    await fc.assert(
      fc.asyncProperty(
        fc.nat(token.length - 1),
        fc.constantFrom(...alphabet.split(''), '.', '=', ' ', '\0', 'é'),
        async (at, char) => {
          fc.pre(token[at] !== char);
          const changed = token.slice(0, at) + char + token.slice(at + 1);
          expect(await codeOf(changed)).not.toBe('accepted');
        },
      ),
      { numRuns: 300 },
    );
  });

  it('answers any string with a code, never with another error', async () => {
    const segment = fc.oneof(
      fc.base64String(),
      fc.json().map((json) => Buffer.from(json).toString('base64url')),
    );
    const token = fc.oneof(
      fc.string(),
      fc.tuple(segment, segment, segment).map((parts3) => parts3.join('.')),
    );
    await fc.assert(
      fc.asyncProperty(token, async (text) => expect(await codeOf(text)).not.toBe('accepted')),
      { numRuns: 500 },
    );
  });
});

/** The same bytes spelled with other unused bits at the end. */
function nonCanonical(token: string): string {
  // An RS256 signature of 256 bytes leaves two characters over, the last with four unused bits.
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const last = alphabet.indexOf(token.at(-1)!);
  const spelled = token.slice(0, -1) + alphabet[last + 1]!;
  const bytes = (text: string) => Buffer.from(text.split('.')[2]!, 'base64url');
  if (!bytes(spelled).equals(bytes(token)))
    throw new Error('This is not another spelling of the same bytes.');
  return spelled;
}
