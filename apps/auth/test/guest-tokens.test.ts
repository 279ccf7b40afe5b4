import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { jtiKey } from '@romm-netplay/shared-state';
import { eventually } from '@romm-netplay/testing';
import { decodeJwt } from 'jose';
import jwt from 'jsonwebtoken';
import request from 'supertest';
import { openDatabase } from '../src/adapters/sql/database.js';
import { createSqlSessionStore } from '../src/adapters/sql/sql-session-store.js';
import { verifyToken, type VerifyTokenDeps } from '../src/tokens/verify-token.js';
import { ADMIN_KEY, ALICE } from './support/auth.js';
import {
  change,
  consent,
  type Instance,
  mint,
  minted,
  type Stranger,
  startWorld,
  trust,
  verify,
  visitable,
  withdraw,
  type World,
} from './support/federation.js';
import { sessionClient } from './support/session-client.js';

const BOB = '22222222-2222-4222-8222-222222222222';

let world: World;
/** Home, host, and another host; each trusts the two others. */
let a: Instance;
let b: Instance;
let c: Instance;
/** Registered at B with its keys pinned. */
let stranger: Stranger;
beforeAll(async () => {
  world = await startWorld();
  [a, b, c] = await Promise.all([world.start(), world.start(), world.start()]);
  for (const at of [a, b, c]) {
    for (const other of [a, b, c]) if (at !== other) await trust(at, other);
  }
  stranger = await world.stranger();
  await trust(b, stranger);
  for (const host of [b, c]) await consent(a, host.issuer).expect(200);
});
afterAll(() => world.closeAll());

interface Claims {
  type: string;
  sid: string;
  netplay_username: string;
  role?: string;
}
const claimsOf = (token: string) => decodeJwt<Claims>(token);
const codeOf = ({ status, body }: { status: number; body: { code?: string } }) => [status, body.code];

describe('tokens for another instance (P2.5, P2.9)', () => {
  it.each([
    ['read', 900],
    ['write', 30],
  ] as const)('says of a player no more than the host needs (%s)', async (tokenType, lifetime) => {
    const { body } = await mint(a, tokenType, b.issuer).expect(200);
    expect(body).toEqual({ token: expect.any(String), token_type: 'bearer', expires: lifetime });
    const claims = claimsOf(body.token as string);
    expect(claims).toEqual({
      iss: a.issuer,
      aud: b.issuer,
      sub: expect.stringMatching(/^[\w-]{43}$/),
      type: `sfu:${tokenType}`,
      netplay_username: expect.stringMatching(/^Player-/),
      sid: expect.stringMatching(/^[\w-]{22}$/),
      iat: expect.any(Number),
      exp: claims.iat! + lifetime,
      ...(tokenType === 'write' && { jti: expect.stringMatching(/^[0-9a-f]{32}$/) }),
    });
  });

  it('stores no marker for a write token of another instance (P2.6)', async () => {
    const { jti } = claimsOf(await minted(a, 'write', b.issuer));
    expect(await a.redis.run((client) => client.exists(jtiKey(jti!)))).toBe(0);
  });

  it('says nothing of the session at home, nor of the role', async () => {
    const { body } = await sessionClient(a.url).loginAs(ALICE);
    const { sid: own } = claimsOf(body.access_token);
    const visiting = claimsOf(await minted(a, 'write', b.issuer, body.access_token));
    expect(visiting.sid).not.toBe(own);
    expect(visiting).not.toHaveProperty('role');
    expect(visiting.sub).toBe(claimsOf(await minted(a, 'write', b.issuer)).sub);
  });

  it('takes its own URL for what it mints without one, however it is written', async () => {
    for (const audience of [a.issuer, `${a.issuer}/`, a.issuer.toUpperCase().replace('HTTP', 'http')]) {
      const { iss, aud, sub, jti } = claimsOf(await minted(a, 'write', audience));
      expect({ iss, aud, sub }).toEqual({ iss: a.issuer, aud: a.issuer, sub: ALICE });
      expect(await a.redis.run((client) => client.get(jtiKey(jti!)))).toBe('0');
    }
  });

  it('finds the instance however its URL is written', async () => {
    expect(claimsOf(await minted(a, 'read', `${b.issuer}/`)).aud).toBe(b.issuer);
  });

  const refusals: [string, number, string, () => string, string][] = [
    [
      'an instance that is not registered',
      403,
      'audience_not_registered',
      () => 'https://d.example.org',
      ALICE,
    ],
    ['no URL', 403, 'audience_not_registered', () => 'not a url', ALICE],
    ['an address inside', 403, 'audience_not_registered', () => 'http://169.254.169.254/latest', ALICE],
    ['a script', 403, 'audience_not_registered', () => 'javascript:alert(1)', ALICE],
    ['an instance with more behind its URL', 403, 'audience_not_registered', () => `${b.issuer}/x`, ALICE],
    ['an instance with a query', 403, 'audience_not_registered', () => `${b.issuer}?x=1`, ALICE],
    ['a player who has not agreed', 403, 'consent_required', () => b.issuer, BOB],
    ['nobody', 403, 'not_signed_in', () => b.issuer, 'nobody'],
    ['nobody, who asks what is registered', 403, 'not_signed_in', () => 'https://d.example.org', 'nobody'],
    ['an empty audience', 400, 'invalid_request', () => '', ALICE],
    ['a long audience', 400, 'invalid_request', () => `https://${'x'.repeat(255)}`, ALICE],
  ];
  it.each(refusals)('mints nothing for %s', async (_what, status, code, audience, bearer) => {
    for (const tokenType of ['read', 'write'] as const) {
      const { body, ...answer } = await mint(a, tokenType, audience(), bearer);
      expect([answer.status, body.code]).toEqual([status, code]);
      expect(body).not.toHaveProperty('token');
      if (code === 'consent_required') expect(body.detail).toContain('POST /api/federation/consents');
    }
  });

  it('mints nothing for an instance that is suspended, or that players may not visit', async () => {
    const other = await world.stranger();
    await trust(a, other);
    await consent(a, other.issuer).expect(200);
    await minted(a, 'read', other.issuer);
    await change(a, other.issuer, { players_may_visit: false });
    expect(codeOf(await mint(a, 'read', other.issuer))).toEqual([403, 'visits_off']);
    await change(a, other.issuer, { state: 'suspended' });
    expect(codeOf(await mint(a, 'read', other.issuer))).toEqual([403, 'audience_not_registered']);
    await change(a, other.issuer, { state: 'active', players_may_visit: true });
    await minted(a, 'read', other.issuer);
  });

  it('gives a session that has just ended nothing, not even before others have heard of its end', async () => {
    const { body } = await sessionClient(a.url).loginAs(ALICE);
    const database = await openDatabase({ url: a.databaseUrl, dataDir: '', onError: () => undefined });
    const ended = await createSqlSessionStore(database.sql).end({ sub: ALICE }, 'revoked', world.now());
    expect(ended).toBeGreaterThan(0);
    // Ended in the database only, as another replica does in the moment before it tells.
    expect(codeOf(await mint(a, 'write', b.issuer, body.access_token))).toEqual([401, 'token_revoked']);
    await database.close();
  });
});

describe('by which id a host knows a player (P2.9)', () => {
  const subAt = async (host: Instance, bearer = ALICE) =>
    claimsOf(await minted(a, 'read', host.issuer, bearer)).sub;

  it('is its own for each host and player, and leads back to nobody', async () => {
    await consent(a, b.issuer, BOB).expect(200);
    const ids = [await subAt(b), await subAt(c), await subAt(b, BOB), ALICE, BOB];
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('stays the same, also when consent was withdrawn and given again: a ban must hold', async () => {
    const before = claimsOf(await minted(a, 'read', c.issuer));
    await withdraw(a, c.issuer).expect(200);
    expect(codeOf(await mint(a, 'read', c.issuer))).toEqual([403, 'consent_required']);
    await consent(a, c.issuer).expect(200);
    const after = claimsOf(await minted(a, 'read', c.issuer));
    expect(after.sub).toBe(before.sub);
    expect(after.sid).not.toBe(before.sid);
  });

  it('is the same from every replica and after a restart', async () => {
    const replica = await a.replica();
    expect(claimsOf(await minted(replica, 'read', b.issuer)).sub).toBe(await subAt(b));
  });

  it('is another one if another instance has the same players', async () => {
    const elsewhere = await world.start();
    await trust(elsewhere, b);
    await consent(elsewhere, b.issuer).expect(200);
    expect(claimsOf(await minted(elsewhere, 'read', b.issuer)).sub).not.toBe(await subAt(b));
  });

  it('is the one from here when the administrator chose so, and the player agreed to that (P3.8)', async () => {
    await change(a, b.issuer, { subject: 'plain' });
    expect(codeOf(await mint(a, 'read', b.issuer))).toEqual([403, 'consent_required']);
    expect((await visitable(a)).find(({ issuer }) => issuer === b.issuer)?.consent).toBeNull();
    await consent(a, b.issuer).expect(200);
    expect(await subAt(b)).toBe(ALICE);
    await change(a, b.issuer, { subject: 'pairwise' });
    expect(await subAt(b)).not.toBe(ALICE);
    await change(a, b.issuer, { subject: 'plain' });
    expect(await subAt(b)).toBe(ALICE);
    await change(a, b.issuer, { subject: 'pairwise' });
  });
});

/** Whatever `claims` say, signed by somebody else than the instances of these tests. */
const signedBy = ({ issuer, key }: Stranger, claims: object, kid = key.kid): string => {
  const iat = Math.floor(world.now() / 1000);
  const common = { iss: issuer, sub: 'mallory', aud: b.issuer, iat, exp: iat + 30 };
  const jti = randomBytes(16).toString('hex');
  return jwt.sign({ ...common, type: 'sfu:write', jti, ...claims }, key.privateKey, {
    algorithm: 'ES256',
    keyid: kid,
  });
};

describe('tokens of guests, as nodes without Redis have them judged (P2.5, P2.6)', () => {
  it('says who the guest is and of which instance', async () => {
    for (const tokenType of ['read', 'write'] as const) {
      const token = await minted(a, tokenType, b.issuer);
      const { sub, netplay_username: name } = claimsOf(token);
      const { status, body } = await verify(b, token);
      expect([status, body]).toEqual([
        200,
        { sub, netplay_username: name, iss: a.issuer, type: `sfu:${tokenType}` },
      ]);
    }
  });

  it('uses a write token up once; without consume it can be asked again', async () => {
    const token = await minted(a, 'write', b.issuer);
    for (const _ of [1, 2]) await verify(b, token, false).expect(200);
    await verify(b, token).expect(200);
    for (const consume of [true, false]) {
      expect(codeOf(await verify(b, token, consume))).toEqual([401, 'token_used']);
    }
  });

  it('lets one of 50 win that race over three replicas', async () => {
    const replicas = [b, await b.replica(), await b.replica()];
    for (let round = 0; round < 3; round += 1) {
      const token = await minted(a, 'write', b.issuer);
      const racers = Array.from({ length: 50 }, (_, index) => verify(replicas[index % 3]!, token));
      const statuses = (await Promise.all(racers)).map(({ status }) => status);
      expect(statuses.sort()).toEqual([200, ...Array<number>(49).fill(401)]);
    }
  });

  it('keeps equal ids of two instances apart (S6)', async () => {
    const token = await minted(a, 'write', b.issuer);
    const { jti, sub } = claimsOf(token);
    await verify(b, signedBy(stranger, { jti, sub })).expect(200);
    await verify(b, token).expect(200);
    expect(codeOf(await verify(b, token))).toEqual([401, 'token_used']);
  });

  it('takes no marker of its own for a foreign token, and no first use for an own one', async () => {
    const own = await minted(b, 'write');
    const { jti } = claimsOf(own);
    await verify(b, signedBy(stranger, { jti })).expect(200);
    await verify(b, own).expect(200);
    expect(codeOf(await verify(b, own))).toEqual([401, 'token_used']);
  });

  it('is useless at a third instance, used or not', async () => {
    const token = await minted(a, 'write', b.issuer);
    expect(codeOf(await verify(c, token))).toEqual([401, 'token_audience']);
    await verify(b, token).expect(200);
    expect(codeOf(await verify(c, token))).toEqual([401, 'token_audience']);
  });

  it.each(['read', 'write'] as const)(
    'gives a host nothing that it could show at the home of its guest (%s)',
    async (tokenType) => {
      const token = await minted(a, tokenType, b.issuer);
      expect(codeOf(await verify(a, token))).toEqual([401, 'token_audience']);
      expect(codeOf(await mint(a, 'read', undefined, token))).toEqual([401, 'token_audience']);
      expect(codeOf(await mint(a, 'write', b.issuer, token))).toEqual([401, 'token_audience']);
      expect(codeOf(await sessionClient(a.url).sessions(token))).toEqual([401, 'token_audience']);
      expect(codeOf(await consent(a, c.issuer, token))).toEqual([401, 'token_audience']);
      expect(codeOf(await sessionClient(a.url).loginAs(token))).toEqual([403, 'not_signed_in']);
    },
  );

  it.each(['read', 'write'] as const)('is no credential of a player of the host (%s)', async (tokenType) => {
    const token = await minted(a, tokenType, b.issuer);
    expect(codeOf(await mint(b, 'read', undefined, token))).toEqual([403, 'not_signed_in']);
    expect(codeOf(await mint(b, 'read', c.issuer, token))).toEqual([403, 'not_signed_in']);
    expect(codeOf(await consent(b, c.issuer, token))).toEqual([403, 'not_signed_in']);
    expect(codeOf(await sessionClient(b.url).sessions(token))).toEqual([401, 'access_token_missing']);
  });

  it('takes no access token of another instance, whatever role it names', async () => {
    const session = { type: 'access', sid: 'x', role: 'admin', jti: undefined };
    const { jti: _jti, ...claims } = { ...session, sub: ALICE };
    const token = signedBy(stranger, claims);
    expect(codeOf(await verify(b, token))).toEqual([401, 'token_type']);
    expect(codeOf(await sessionClient(b.url).sessions(token))).toEqual([401, 'access_token_missing']);
    expect(codeOf(await mint(b, 'read', undefined, token))).toEqual([403, 'not_signed_in']);
    const users = await request(b.url).get('/api/admin/users').set('authorization', `Bearer ${token}`);
    expect(codeOf(users)).toEqual([401, 'admin_key_wrong']);
  });

  const iat = () => Math.floor(world.now() / 1000);
  const forged: [string, string, () => Promise<string> | string][] = [
    ['a write token for 31 s', 'token_lifetime', () => signedBy(stranger, { exp: iat() + 31 })],
    [
      'a read token for 901 s',
      'token_lifetime',
      () => signedBy(stranger, { type: 'sfu:read', exp: iat() + 901 }),
    ],
    ['a token for years', 'token_lifetime', () => signedBy(stranger, { exp: iat() + 1e9 })],
    ['the older single type', 'token_type', () => signedBy(stranger, { type: 'sfu' })],
    ['a token without an id', 'token_jti_missing', () => signedBy(stranger, { jti: 'x' })],
    ['a token from the future', 'token_issued_in_future', () => signedBy(stranger, { iat: iat() + 20 })],
    ['an expired token', 'token_expired', () => signedBy(stranger, { iat: iat() - 60, exp: iat() - 30 })],
    ['a token for two instances', 'token_audience', () => signedBy(stranger, { aud: [b.issuer, c.issuer] })],
    ['a player of the host', 'token_key_unknown', () => signedBy(stranger, { iss: b.issuer, sub: ALICE })],
    ['a player of a third instance', 'token_key_unknown', () => signedBy(stranger, { iss: a.issuer })],
    [
      'an instance nobody knows',
      'token_issuer_untrusted',
      () => signedBy(stranger, { iss: 'https://x.org' }),
    ],
    ['an assertion', 'token_typ', () => stranger.tokens.issueAssertion(b.issuer)],
  ];
  it.each(forged)('refuses %s', async (_what, code, token) => {
    for (const consume of [false, true]) {
      expect(codeOf(await verify(b, await token(), consume))).toEqual([401, code]);
    }
  });

  it('checks a token with keys of its issuer only, though two publish the same kid', async () => {
    const [one, two] = [await world.stranger(), await world.stranger()];
    const kid = 'the-same';
    const named = ({ issuer, key }: Stranger) => ({
      issuer,
      pinned_keys: [{ ...key.publicJwk, kid, kty: 'EC', alg: 'ES256', use: 'sig' }] as never,
    });
    for (const each of [one, two]) await trust(b, { issuer: each.issuer }, named(each));
    for (const each of [one, two]) {
      const { body } = await verify(b, signedBy(each, { sub: 'ada' }, kid)).expect(200);
      expect(body).toMatchObject({ sub: 'ada', iss: each.issuer });
    }
    expect(codeOf(await verify(b, signedBy(one, { iss: two.issuer }, kid)))).toEqual([
      401,
      'token_signature',
    ]);
    expect(codeOf(await verify(b, signedBy(two, { iss: one.issuer }, kid)))).toEqual([
      401,
      'token_signature',
    ]);
  });

  it('refuses tokens of an issuer from the moment it is suspended, on every replica within a second', async () => {
    const other = await world.stranger();
    const replica = await b.replica();
    await trust(b, other);
    const refused = async (at: { url: string }) =>
      codeOf(await verify(at, signedBy(other, {}))).join() === '401,token_issuer_untrusted';
    await verify(b, signedBy(other, {})).expect(200);
    await eventually(async () => !(await refused(replica)));
    await change(b, other.issuer, { state: 'suspended' });
    expect(await refused(b)).toBe(true);
    await eventually(() => refused(replica), 1_000);
  });

  it('refuses a token whose issuer is suspended while it is judged', async () => {
    const claims = { iss: stranger.issuer, sub: 'ada', type: 'sfu:read' };
    let state = 'active';
    const deps = {
      verifier: {
        verify() {
          state = 'suspended';
          return Promise.resolve(claims);
        },
      },
      audience: b.issuer,
      peers: { get: () => ({ state }) },
      acceptedTypes: ['sfu:read'],
    } as unknown as VerifyTokenDeps;
    const verdict = verifyToken(deps, { token: 'any', consume: true });
    await expect(verdict).rejects.toMatchObject({ code: 'token_issuer_untrusted' });
  });

  it('judges nothing while Redis cannot say what was shown before', async () => {
    const token = await minted(a, 'write', b.issuer);
    await b.redis.run((client) => client.flushDb());
    for (const consume of [false, true]) {
      expect(codeOf(await verify(b, token, consume))).toEqual([503, 'state_unavailable']);
    }
  });
});

it('writes no token and no secret into any log', () => {
  const written = [a, b, c].flatMap(({ lines }) => lines).join('');
  expect(written).toContain('consent.given');
  expect(written).not.toMatch(/eyJ[\w-]+\.[\w-]+/);
  expect(written).not.toContain(ADMIN_KEY);
  expect(written).not.toContain('PRIVATE KEY');
});
