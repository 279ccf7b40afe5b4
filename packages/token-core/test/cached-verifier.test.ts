import { describe, expect, it } from '@jest/globals';
import {
  createCachedVerifier,
  createLocalKeySet,
  createTokenVerifier,
  type TokenVerifier,
  trustOnly,
} from '@romm-netplay/token-core';
import { createIssuer, ISSUER, NOW_MS } from './support/issuer.js';

async function setUp() {
  const { key, issuer } = await createIssuer('ES256');
  let nowMs = NOW_MS;
  let checks = 0;
  const now = () => nowMs;
  let keys = createLocalKeySet([key]);
  const trustedIssuers = trustOnly(ISSUER, { find: (kid) => keys.find(kid) });
  const verifier = createTokenVerifier({ trustedIssuers, audience: ISSUER, now });
  const counting: TokenVerifier = {
    verify(token, types) {
      checks += 1;
      return verifier.verify(token, types);
    },
  };
  const cached = createCachedVerifier({
    trustedIssuers,
    audience: ISSUER,
    verifier: counting,
    maxTokens: 2,
    now,
  });
  const advance = (ms: number) => {
    nowMs += ms;
  };
  const withdraw = () => {
    keys = createLocalKeySet([]);
  };
  return { issuer, cached, advance, withdraw, checks: () => checks };
}

describe('cache of verified read tokens (P4.4)', () => {
  it('checks a read token once', async () => {
    const { issuer, cached, checks } = await setUp();
    const { token } = await issuer.issueReadToken({ sub: 'a' }, ISSUER);
    await cached.verify(token, ['sfu:read']);
    await expect(cached.verify(token, ['sfu:read'])).resolves.toMatchObject({ sub: 'a' });
    expect(checks()).toBe(1);
  });

  it('never answers beyond exp', async () => {
    const { issuer, cached, advance } = await setUp();
    const { token } = await issuer.issueReadToken({ sub: 'a' }, ISSUER);
    await cached.verify(token, ['sfu:read']);
    advance(904_000);
    await expect(cached.verify(token, ['sfu:read'])).resolves.toMatchObject({ sub: 'a' });
    advance(1_000);
    await expect(cached.verify(token, ['sfu:read'])).rejects.toMatchObject({ code: 'token_expired' });
  });

  it('does not let a cached read token pass for another type', async () => {
    const { issuer, cached } = await setUp();
    const { token } = await issuer.issueReadToken({ sub: 'a' }, ISSUER);
    await cached.verify(token, ['sfu:read']);
    await expect(cached.verify(token, ['sfu:write'])).rejects.toMatchObject({ code: 'token_type' });
  });

  it('never keeps a write token or a refusal', async () => {
    const { issuer, cached, checks } = await setUp();
    const { token } = await issuer.issueWriteToken({ sub: 'a' }, ISSUER);
    await cached.verify(token, ['sfu:write']);
    await cached.verify(token, ['sfu:write']);
    for (const _ of [1, 2]) await expect(cached.verify('x.y.z', ['sfu:read'])).rejects.toThrow();
    expect(checks()).toBe(4);
  });

  it('keeps no token that is longer than ours are (P2.5)', async () => {
    const { issuer, cached, checks } = await setUp();
    const { token } = await issuer.issueReadToken(
      { sub: 'a', netplayUsername: '\u{1F3AE}'.repeat(120) },
      ISSUER,
    );
    const long = await issuer.issueReadToken(
      { sub: '\u4e00'.repeat(255), netplayUsername: '\u4e00'.repeat(255) },
      ISSUER,
    );
    for (const each of [token, token, long.token, long.token]) await cached.verify(each, ['sfu:read']);
    expect(checks()).toBe(3);
  });

  it('refuses a remembered token at once when its key is withdrawn (P2.2)', async () => {
    const { issuer, cached, withdraw } = await setUp();
    const { token } = await issuer.issueReadToken({ sub: 'a' }, ISSUER);
    await cached.verify(token, ['sfu:read']);
    withdraw();
    await expect(cached.verify(token, ['sfu:read'])).rejects.toMatchObject({ code: 'token_key_unknown' });
  });

  it('is bounded and can be emptied', async () => {
    const { issuer, cached, checks } = await setUp();
    const issued = await Promise.all(['a', 'b', 'c'].map((sub) => issuer.issueReadToken({ sub }, ISSUER)));
    const tokens = issued.map(({ token }) => token);
    for (const token of tokens) await cached.verify(token, ['sfu:read']);
    await cached.verify(tokens[0]!, ['sfu:read']);
    expect(checks()).toBe(4);
    cached.clear();
    await cached.verify(tokens[0]!, ['sfu:read']);
    expect(checks()).toBe(5);
  });
});
