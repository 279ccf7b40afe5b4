import { sign as cryptoSign } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import {
  claimedIssuer,
  createCachedVerifier,
  createLocalKeySet,
  createRevocableVerifier,
  createTokenVerifier,
  type SigningKey,
  type TokenIssuer,
  type TokenVerifier,
  trustOnly,
} from '@romm-netplay/token-core';
import { createIssuer, decode, encode, ISSUER, NOW_MS, NOW_SECONDS } from './support/issuer.js';

const SESSION = { sub: 'user-1', netplayUsername: 'Ada', sessionId: 'session-1', role: 'admin' } as const;

let key: SigningKey;
let issuer: TokenIssuer;
let verifier: TokenVerifier;
beforeAll(async () => {
  ({ key, issuer } = await createIssuer());
  const trustedIssuers = trustOnly(ISSUER, createLocalKeySet([key]));
  verifier = createTokenVerifier({ trustedIssuers, audience: ISSUER, now: () => NOW_MS });
});

/** A token signed by hand with these claims. */
function craft(changes: Record<string, unknown>): string {
  const claims = {
    iss: ISSUER,
    sub: 'user-1',
    aud: ISSUER,
    iat: NOW_SECONDS,
    exp: NOW_SECONDS + 900,
    ...changes,
  };
  const input = `${encode({ alg: 'RS256', typ: 'JWT', kid: key.kid })}.${encode(claims)}`;
  return `${input}.${cryptoSign('sha256', Buffer.from(input), key.privateKey).toString('base64url')}`;
}

describe('an access token (S1)', () => {
  it('is for the issuer itself, 15 minutes, and names session and role', async () => {
    const { token, expiresInSeconds } = await issuer.issueAccessToken(SESSION);
    expect(expiresInSeconds).toBe(900);
    expect(decode(token).claims).toEqual({
      iss: ISSUER,
      aud: ISSUER,
      sub: 'user-1',
      iat: NOW_SECONDS,
      exp: NOW_SECONDS + 900,
      type: 'access',
      role: 'admin',
      netplay_username: 'Ada',
      sid: 'session-1',
    });
    expect(await verifier.verify(token, ['access'])).toMatchObject({ sid: 'session-1', role: 'admin' });
  });

  it('is none of the tokens an SFU node takes, and none of those is one', async () => {
    const { token: access } = await issuer.issueAccessToken(SESSION);
    await expect(verifier.verify(access, ['sfu:read', 'sfu:write', 'sfu'])).rejects.toMatchObject({
      code: 'token_type',
    });
    const { token: read } = await issuer.issueReadToken(SESSION, ISSUER);
    await expect(verifier.verify(read, ['access'])).rejects.toMatchObject({ code: 'token_type' });
  });

  it.each([
    ['no session', { type: 'access', role: 'player' }, 'token_session_missing'],
    ['an empty session', { type: 'access', role: 'player', sid: '' }, 'token_session_missing'],
    ['a number as session', { type: 'access', role: 'player', sid: 7 }, 'token_session_missing'],
    ['a long session', { type: 'access', role: 'player', sid: 'x'.repeat(65) }, 'token_session_missing'],
    ['no role', { type: 'access', sid: 's' }, 'token_role_invalid'],
    ['another role', { type: 'access', sid: 's', role: 'root' }, 'token_role_invalid'],
    ['a list as session of a read token', { type: 'sfu:read', sid: ['s'] }, 'token_session_missing'],
  ])('with %s is refused', async (_what, claims, code) => {
    await expect(verifier.verify(craft(claims), ['access', 'sfu:read'])).rejects.toMatchObject({ code });
  });
});

describe('a verifier that knows of revocations (P3.7)', () => {
  it('refuses tokens of an ended session, even those that a cache remembers, and no others', async () => {
    const ended = new Set<string>();
    const trustedIssuers = trustOnly(ISSUER, createLocalKeySet([key]));
    const cached = createCachedVerifier({ trustedIssuers, audience: ISSUER, now: () => NOW_MS });
    const revocable = createRevocableVerifier(cached, (sessionRef) => ended.has(sessionRef));
    const { token } = await issuer.issueReadToken(SESSION, ISSUER);
    const { token: other } = await issuer.issueReadToken({ sub: 'user-1', sessionId: 'session-2' }, ISSUER);
    const { token: plain } = await issuer.issueReadToken({ sub: 'user-1' }, ISSUER);
    for (const shown of [token, other, plain]) await revocable.verify(shown, ['sfu:read']);
    // Another issuer's session of the same id is another session (S6).
    ended.add('https://b.example.org session-2');
    ended.add(`${ISSUER} session-1`);
    await expect(revocable.verify(token, ['sfu:read'])).rejects.toMatchObject({ code: 'token_revoked' });
    for (const shown of [other, plain]) {
      expect(await revocable.verify(shown, ['sfu:read'])).toMatchObject({ sub: 'user-1' });
    }
  });
});

describe('the issuer a token claims', () => {
  it.each([
    ['a token', craftUnsigned({ iss: ISSUER }), ISSUER],
    ['no issuer', craftUnsigned({ sub: 'x' }), undefined],
    ['a list', craftUnsigned({ iss: [ISSUER] }), undefined],
    ['no token', 'rmm_0123', undefined],
    ['no JSON', 'a.b.c', undefined],
    ['9 KB', craftUnsigned({ iss: ISSUER, pad: 'x'.repeat(9_000) }), undefined],
  ])('of %s', (_what, token, expected) => {
    expect(claimedIssuer(token)).toBe(expected);
  });
});

function craftUnsigned(claims: object): string {
  return `${encode({ alg: 'RS256' })}.${encode(claims)}.c2ln`;
}
