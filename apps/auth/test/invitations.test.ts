import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createTokenIssuer } from '@romm-netplay/token-core';
import request from 'supertest';
import { ISSUER } from './support/auth.js';
import { type Caller, type Callers, startCallers } from './support/callers.js';
import { testDatabase } from './support/database.js';
import { startTestInstance, type TestInstance } from './support/instances.js';

let a: TestInstance;
let callers: Callers;
let b: Caller;
let c: Caller;
beforeAll(async () => {
  a = await startTestInstance({ issuer: ISSUER, trustedProxies: ['127.0.0.1'] });
  callers = await startCallers(Date.now);
  [b, c] = [await callers.add('b'), await callers.add('c')];
});
afterAll(async () => {
  await callers.close();
  await a.close();
});
beforeEach(async () => {
  const { sql } = await testDatabase();
  await sql.deleteFrom('invitations').execute();
  await sql.deleteFrom('issuers').execute();
});

const REACH = { allow_http: true, allow_private_addresses: true };
const INVITATION = /^https:\/\/games\.example\.org#netplay-invitation=([\w-]{16})\.([\w-]{22})$/;
const INVITATIONS = '/federation/invitations';

interface Invited {
  readonly id: string;
  readonly secret: string;
}
async function invite(terms: object = REACH): Promise<Invited> {
  const { status, body } = await a.admin('post', INVITATIONS).send({ label: 'Bea', ...terms });
  expect(status).toBe(200);
  const [, id = '', secret = ''] = INVITATION.exec(body.invitation as string) ?? [];
  expect(body.id).toBe(id);
  return { id, secret };
}

interface Redeeming {
  readonly caller?: Caller;
  readonly body?: object;
  readonly assertion?: string | undefined;
  readonly address?: string;
}
/** From an address of its own each time, unless the test says which. */
async function redeem(invited: Invited, { caller = b, body = {}, ...rest }: Redeeming = {}) {
  const assertion = 'assertion' in rest ? rest.assertion : await caller.assertion(ISSUER);
  const call = request(a.auth.url)
    .post('/api/federation/invitations/redeem')
    .set('x-forwarded-for', rest.address ?? `10.${randomInt(250)}.${randomInt(250)}.${randomInt(250)}`);
  if (assertion !== undefined) call.set('authorization', `Bearer ${assertion}`);
  return call.send({ ...invited, issuer: caller.issuer, ...body });
}
const registered = async () => (await a.admin('get', '/issuers')).body.issuers as Record<string, unknown>[];
const listed = async () => (await a.admin('get', INVITATIONS)).body.invitations as Record<string, unknown>[];

describe('redeeming an invitation (P2.7)', () => {
  it('registers the caller, pending, on the terms of the invitation; and answers the same again', async () => {
    const terms = { permissions: ['rooms:list', 'rooms:join'], subject: 'plain', players_may_visit: false };
    const invited = await invite({ ...REACH, ...terms });
    expect(await listed()).toMatchObject([{ id: invited.id, state: 'open', redeemed_by: null }]);
    const first = await redeem(invited);
    expect(first.body).toEqual({ issuer: ISSUER, permissions: ['rooms:list', 'rooms:join'] });
    const [record] = await registered();
    expect(record).toMatchObject({ issuer: b.issuer, label: 'Bea', state: 'pending', ...REACH, ...terms });
    const again = await redeem(invited);
    expect([again.status, again.body]).toEqual([200, first.body]);
    expect(await registered()).toEqual([record]);
    expect(await listed()).toMatchObject([{ state: 'redeemed', redeemed_by: b.issuer }]);
  });

  it('writes audit lines of it, and the secret nowhere', async () => {
    const before = a.lines.length;
    const invited = await invite();
    await redeem(invited, { body: { secret: 'x'.repeat(22) } });
    await redeem(invited);
    await redeem(invited);
    const other = await invite();
    await a.admin('delete', `${INVITATIONS}/${other.id}`);
    const lines = a.lines.slice(before);
    expect(lines.map((line) => JSON.parse(line) as object)).toEqual([
      expect.objectContaining({ audit: 'invitation.created', id: invited.id, by: 'api-key' }),
      expect.objectContaining({ audit: 'invitation.redeemed', id: invited.id, issuer: b.issuer }),
      expect.objectContaining({
        audit: 'issuer.registered',
        issuer: b.issuer,
        state: 'pending',
        by: `invitation ${invited.id}`,
      }),
      expect.objectContaining({ audit: 'invitation.created', id: other.id }),
      expect.objectContaining({ audit: 'invitation.withdrawn', id: other.id, by: 'api-key' }),
    ]);
    const rows = await (await testDatabase()).sql.selectFrom('invitations').selectAll().execute();
    for (const text of [lines.join(), JSON.stringify(rows), JSON.stringify(await listed())]) {
      expect(text).not.toContain(invited.secret);
    }
  });

  it.each<[string, number, string, () => Promise<{ status: number; body: Record<string, string> }>]>([
    [
      'an unknown id',
      403,
      'invitation_refused',
      async () => redeem({ ...(await invite()), id: 'x'.repeat(16) }),
    ],
    [
      'a wrong secret',
      403,
      'invitation_refused',
      async () => redeem({ ...(await invite()), secret: 'x'.repeat(22) }),
    ],
    [
      'a withdrawn invitation',
      403,
      'invitation_refused',
      async () => {
        const invited = await invite();
        expect((await a.admin('delete', `${INVITATIONS}/${invited.id}`)).status).toBe(200);
        expect((await a.admin('delete', `${INVITATIONS}/${invited.id}`)).status).toBe(404);
        return redeem(invited);
      },
    ],
    ['no assertion', 401, 'assertion_missing', async () => redeem(await invite(), { assertion: undefined })],
    [
      'an assertion of somebody else',
      401,
      'token_issuer_untrusted',
      async () => redeem(await invite(), { assertion: await c.assertion(ISSUER) }),
    ],
    [
      'an assertion in the name of another, by a key of one’s own',
      401,
      'token_key_unknown',
      async () => {
        const forged = createTokenIssuer({ issuer: b.issuer, signingKey: () => c.key });
        return redeem(await invite(), { assertion: await forged.issueAssertion(ISSUER) });
      },
    ],
    [
      'the same with the other’s kid',
      401,
      'token_signature',
      async () => {
        const key = { ...c.key, kid: b.key.kid };
        const forged = createTokenIssuer({ issuer: b.issuer, signingKey: () => key });
        return redeem(await invite(), { assertion: await forged.issueAssertion(ISSUER) });
      },
    ],
    [
      'an assertion for another instance',
      401,
      'token_audience',
      async () => redeem(await invite(), { assertion: await b.assertion(c.issuer) }),
    ],
    [
      'a token of a player',
      401,
      'token_typ',
      async () => {
        const tokens = createTokenIssuer({ issuer: b.issuer, signingKey: () => b.key });
        return redeem(await invite(), {
          assertion: (await tokens.issueWriteToken({ sub: 'ada' }, ISSUER)).token,
        });
      },
    ],
    [
      'an old assertion',
      401,
      'token_expired',
      async () => {
        const past = () => Date.now() - 70_000;
        const tokens = createTokenIssuer({ issuer: b.issuer, signingKey: () => b.key, now: past });
        return redeem(await invite(), { assertion: await tokens.issueAssertion(ISSUER) });
      },
    ],
    [
      'this instance itself',
      409,
      'own_issuer',
      async () => redeem(await invite(), { body: { issuer: ISSUER } }),
    ],
    [
      'a URL that is not written as it would be registered',
      400,
      'peer_url_refused',
      async () => redeem(await invite(), { body: { issuer: `${b.issuer}/` } }),
    ],
    [
      'http, where that was not allowed (P2.11)',
      400,
      'peer_url_refused',
      async () => redeem(await invite({ allow_private_addresses: true })),
    ],
    [
      'one that is registered already by hand',
      409,
      'issuer_exists',
      async () => {
        const body = { issuer: b.issuer, label: 'By hand', ...REACH };
        expect((await a.admin('post', '/issuers').send(body)).status).toBe(200);
        const answer = await redeem(await invite());
        const [issuer] = await registered();
        expect(issuer).toMatchObject({ label: 'By hand' });
        await a.admin('delete', `/issuers/${issuer!['id'] as string}`).set('if-match', '*');
        return answer;
      },
    ],
  ])('refuses %s', async (_what, status, code, attempt) => {
    const answer = await attempt();
    expect([answer.status, answer.body['code']]).toEqual([status, code]);
    expect(answer.body['detail']).toMatch(/\.$/);
    expect(await registered()).toEqual([]);
    for (const { state } of await listed()) expect(state).toBe('open');
  });

  it('takes an assertion once', async () => {
    const invited = await invite();
    const assertion = await b.assertion(ISSUER);
    expect((await redeem(invited, { assertion })).status).toBe(200);
    const again = await redeem(invited, { assertion });
    expect([again.status, again.body.code]).toEqual([401, 'assertion_used']);
  });

  it.each<[string, object, () => string, RegExp]>([
    ['a metadata service', REACH, () => 'http://169.254.169.254', /reserved address/],
    [
      'this machine, where that was not allowed',
      { allow_http: true },
      () => b.issuer,
      /allow_private_addresses/,
    ],
    ['the same by name', { allow_http: true }, () => 'http://localhost:3100', /allow_private_addresses/],
    ['a port of something else', REACH, () => 'http://127.0.0.1:6379', /not HTTP/],
    [
      'whoever it is sent on to',
      REACH,
      () =>
        callers.answer('r', (_request, response) =>
          response.writeHead(302, { location: `${b.issuer}/.well-known/jwks.json` }).end(),
        ),
      /redirect/,
    ],
  ])('calls no %s (P2.11)', async (_what, terms, issuer, detail) => {
    const forged = createTokenIssuer({ issuer: issuer(), signingKey: () => b.key });
    const answer = await redeem(await invite(terms), {
      body: { issuer: issuer() },
      assertion: await forged.issueAssertion(ISSUER),
    });
    expect([answer.status, answer.body.code]).toEqual([502, 'caller_unreachable']);
    expect(answer.body.detail).toMatch(detail);
    expect(await registered()).toEqual([]);
  });

  it.each<[string, string]>([
    ['a page', '<html></html>'],
    ['no keys', '{"keys":[]}'],
    ['keys of kinds nobody checks', '{"keys":[{"kty":"oct","kid":"k","k":"c2VjcmV0","alg":"HS256"}]}'],
  ])('refuses an instance that publishes %s', async (_what, text) => {
    const issuer = callers.answer('odd', (_request, response) => response.end(text));
    const tokens = createTokenIssuer({ issuer, signingKey: () => b.key });
    const assertion = await tokens.issueAssertion(ISSUER);
    const answer = await redeem(await invite(), { body: { issuer }, assertion });
    expect([answer.status, answer.body.code]).toEqual([502, 'peer_answer_invalid']);
  });
});

describe('the limits of an invitation (P2.7, R3)', () => {
  it('lets one of 50 instances win that redeem it at once', async () => {
    const invited = await invite();
    const racers = await Promise.all(
      Array.from({ length: 50 }, (_, index) => callers.add(`racer-${index}`, b.key)),
    );
    const answers = await Promise.all(racers.map((caller) => redeem(invited, { caller })));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    for (const { status } of answers) expect([200, 409, 429]).toContain(status);
    const issuers = await registered();
    expect(issuers).toHaveLength(1);
    expect(await listed()).toMatchObject([{ redeemed_by: issuers[0]!['issuer'] }]);
  });

  it('refuses another instance later, and the same one once it was removed', async () => {
    const invited = await invite();
    await redeem(invited);
    const other = await redeem(invited, { caller: c });
    expect([other.status, other.body.code]).toEqual([409, 'invitation_used']);
    const [issuer] = await registered();
    await a.admin('delete', `/issuers/${issuer!['id'] as string}`).set('if-match', '*');
    const removed = await redeem(invited);
    expect([removed.status, removed.body.code]).toEqual([409, 'invitation_used']);
    expect(await registered()).toEqual([]);
  });

  it('dies of five wrong tries, however many come at once; right ones do not count', async () => {
    const invited = await invite();
    const wrong = () => redeem(invited, { body: { secret: 'x'.repeat(22) } });
    await Promise.all([wrong(), wrong(), wrong(), wrong()]);
    for (let index = 0; index < 3; index += 1) expect((await redeem(invited)).status).toBe(200);
    await Promise.all(Array.from({ length: 20 }, wrong));
    const late = await redeem(invited);
    expect([late.status, late.body.code]).toEqual([403, 'invitation_refused']);
    const [row] = await (await testDatabase()).sql.selectFrom('invitations').selectAll().execute();
    expect(row!.wrong_tries).toBe(5);
    const locked = await invite();
    await Promise.all(Array.from({ length: 5 }, () => redeem(locked, { body: { secret: 'x'.repeat(22) } })));
    expect((await listed()).find(({ id }) => id === locked.id)).toMatchObject({ state: 'locked' });
  });

  it('is good for no longer because it was made by a clock that was hours ahead', async () => {
    a.advance(5 * 3_600_000);
    const invited = await invite();
    a.advance(-5 * 3_600_000);
    const shown = await redeem(invited);
    expect([shown.status, shown.body.code]).toEqual([410, 'invitation_expired']);
  });

  it('is good for 15 minutes', async () => {
    const [first, second] = [await invite(), await invite()];
    const row = (await listed()).find(({ id }) => id === first.id)!;
    const lifetimeMs = Date.parse(row['expires_at'] as string) - Date.parse(row['created_at'] as string);
    expect(lifetimeMs).toBe(15 * 60_000);
    expect((await redeem(first)).status).toBe(200);
    a.advance(15 * 60_000);
    for (const invited of [first, second]) {
      const late = await redeem(invited);
      expect([late.status, late.body.code]).toEqual([410, 'invitation_expired']);
    }
    // Whoever does not know the secret does not hear that either.
    const stranger = await redeem(second, { body: { secret: 'x'.repeat(22) } });
    expect(stranger.body.code).toBe('invitation_refused');
    expect((await listed()).map(({ state }) => state).sort()).toEqual(['expired', 'redeemed']);
    a.advance(-15 * 60_000);
  });

  it('are 20 open ones, also when more are made at once; used and withdrawn ones make room', async () => {
    const made = await Promise.all(
      Array.from({ length: 25 }, () => a.admin('post', INVITATIONS).send({ label: 'Bea', ...REACH })),
    );
    const full = made.filter(({ status }) => status === 409);
    expect(full.map(({ body }) => body.code as string)).toEqual(Array(5).fill('too_many_invitations'));
    const [first, second] = made.filter(({ status }) => status === 200);
    await a.admin('delete', `${INVITATIONS}/${first!.body.id as string}`);
    const [, id = '', secret = ''] = INVITATION.exec(second!.body.invitation as string) ?? [];
    expect((await redeem({ id, secret })).status).toBe(200);
    await invite();
    await invite();
    expect((await a.admin('post', INVITATIONS).send({ label: 'Bea' })).status).toBe(409);
  });

  it('stop an address that keeps trying, whatever it tries', async () => {
    const invited = await invite();
    const tried = [];
    for (let index = 0; index < 31; index += 1) {
      tried.push(await redeem({ ...invited, id: `${index}`.padStart(16, 'x') }, { address: '10.255.0.1' }));
    }
    expect(tried.slice(0, 30).every(({ status }) => status === 403)).toBe(true);
    const refused = await redeem(invited, { address: '10.255.0.1' });
    expect([refused.status, refused.body.code]).toEqual([429, 'too_many_attempts']);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect((await redeem(invited)).status).toBe(200);
  });
});

describe('who may not invite', () => {
  it.each(['', 'Bearer wrong'])('is refused, with the header "%s"', async (authorization) => {
    for (const [method, path] of [
      ['get', '/identity'],
      ['get', '/invitations'],
      ['post', '/invitations'],
      ['delete', `/invitations/${'x'.repeat(16)}`],
      ['post', '/accept'],
    ] as const) {
      const call = request(a.auth.url)[method](`/api/admin/federation${path}`);
      expect((await call.set('authorization', authorization).send({})).status).toBe(401);
    }
  });

  it('hears what is wrong with the terms', async () => {
    for (const [terms, word] of [
      [{ label: '' }, 'label'],
      [{ permissions: ['all'] }, 'permissions'],
      [{ certificate_sha256: 'ab' }, '64 hex digits'],
      [
        { ca_certificate: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n' },
        'cannot be read',
      ],
    ] as const) {
      const { status, body } = await a.admin('post', INVITATIONS).send({ label: 'Bea', ...terms });
      expect([status, body.detail]).toEqual([400, expect.stringContaining(word)]);
    }
  });
});
