import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { generateSigningKey, thumbprint } from '@romm-netplay/token-core';
import { createDisposers, freePort, type PostgresServer, startPostgresServer } from '@romm-netplay/testing';
import type { Test } from 'supertest';
import { type Caller, type Callers, startCallers } from './support/callers.js';
import { startProxy, startTestInstance, type TestInstance } from './support/instances.js';
import { selfSigned } from './support/self-signed.js';

const disposers = createDisposers();
const REACH = { allow_http: true, allow_private_addresses: true };
let postgres: PostgresServer;
let proxy: Awaited<ReturnType<typeof startProxy>>;
/** Behind a proxy, at whose URL it is known. */
let a: TestInstance;
let b: TestInstance;
let callers: Callers;
let c: Caller;

const start = async (issuer?: string) =>
  disposers.use(await startTestInstance({ databaseUrl: await postgres.createDatabase(), issuer }));
beforeAll(async () => {
  postgres = disposers.use(await startPostgresServer());
  proxy = disposers.use(await startProxy());
  [a, b] = [await start(proxy.url), await start()];
  proxy.forwardTo(a.auth.url);
  callers = disposers.use(await startCallers(Date.now));
  c = await callers.add('c');
});
afterAll(() => disposers.closeAll());
beforeEach(async () => {
  proxy.loseAnswers(() => false);
  for (const instance of [a, b]) {
    for (const { id } of await issuersOf(instance)) {
      await instance.admin('delete', `/issuers/${id}`).set('if-match', '*');
    }
  }
});

interface Issuer {
  id: string;
  issuer: string;
  state: string;
  label: string;
  version: number;
  [term: string]: unknown;
}
const issuersOf = async (instance: TestInstance) =>
  (await instance.admin('get', '/issuers')).body.issuers as Issuer[];
const invite = async (instance = a, terms: object = REACH) => {
  const call = instance.admin('post', '/federation/invitations');
  const { status, body } = await call.send({ label: 'Invited', ...terms });
  expect(status).toBe(200);
  return body.invitation as string;
};
const accept = (invitation: string, terms: object = REACH, at = b): Test =>
  at.admin('post', '/federation/accept').send({ invitation, ...terms });
const keysOf = async (instance: TestInstance) =>
  (await instance.admin('get', '/federation/identity')).body.keys as { kid: string; thumbprint: string }[];
const become = (instance: TestInstance, { id, ...issuer }: Issuer, changes: object) =>
  instance
    .admin('put', `/issuers/${id}`)
    .set('if-match', '*')
    .send({ ...issuer, ...changes });

describe('two instances (P2.7)', () => {
  it('come to trust each other: invite, accept, compare keys, activate', async () => {
    const permissions = ['rooms:list', 'rooms:join'];
    const invitation = await invite(a, { ...REACH, permissions });
    const accepted = await accept(invitation, { ...REACH, permissions: ['rooms:list'], subject: 'plain' });
    expect(accepted.status).toBe(200);
    const [keysA, keysB] = [await keysOf(a), await keysOf(b)];
    expect(accepted.body).toEqual({
      issuer: expect.objectContaining({
        issuer: a.issuer,
        label: a.issuer.replace('http://', ''),
        state: 'pending',
        permissions: ['rooms:list'],
        subject: 'plain',
        ...REACH,
      }),
      theirs: keysA,
      ours: keysB,
      granted: permissions,
    });
    const [atB, atA] = [(await issuersOf(b))[0]!, (await issuersOf(a))[0]!];
    expect(atA).toMatchObject({
      issuer: b.issuer,
      label: 'Invited',
      state: 'pending',
      permissions,
      ...REACH,
    });
    for (const [instance, issuer, theirs] of [
      [a, atA, keysB],
      [b, atB, keysA],
    ] as const) {
      const shown = await instance.admin('get', `/issuers/${issuer.id}/keys`);
      expect(shown.body).toEqual({ keys: theirs });
      const confirmed = theirs.map((key) => key.thumbprint);
      const active = await become(instance, issuer, { state: 'active', confirmed_thumbprints: confirmed });
      expect([active.status, active.body.state]).toEqual([200, 'active']);
      expect(active.body).not.toHaveProperty('confirmed_thumbprints');
      expect((await instance.state.issuers.list()).issuers).toMatchObject([{ state: 'active' }]);
    }
    expect(b.lines.join('\n')).toContain('invitation.accepted');
    const secret = /\.([\w-]{22})$/.exec(invitation)?.[1] ?? '';
    for (const { lines } of [a, b]) expect(lines.join()).not.toContain(secret);
  });

  it('part when one of them wants to: the other is told nothing, and nobody else is concerned', async () => {
    await accept(await invite());
    const [issuer] = await issuersOf(a);
    await a.admin('delete', `/issuers/${issuer!.id}`).set('if-match', '*');
    expect(await issuersOf(a)).toEqual([]);
    expect(await issuersOf(b)).toHaveLength(1);
  });

  it('pass no trust on: whom one of them invites, the other does not know', async () => {
    await accept(await invite());
    const third = await start();
    expect((await accept(await invite(b), REACH, third)).status).toBe(200);
    expect((await issuersOf(b)).map(({ issuer }) => issuer).sort()).toEqual([a.issuer, third.issuer].sort());
    expect((await issuersOf(a)).map(({ issuer }) => issuer)).toEqual([b.issuer]);
  });

  it('come to an end after a crash in between, by the same call again', async () => {
    const invitation = await invite();
    proxy.loseAnswers((path) => path.endsWith('/redeem'));
    const lost = await accept(invitation);
    expect([lost.status, lost.body.code]).toEqual([502, 'peer_unreachable']);
    expect([await issuersOf(a), await issuersOf(b)]).toMatchObject([[{ issuer: b.issuer }], []]);
    proxy.loseAnswers(() => false);
    const first = await accept(invitation);
    expect(first.status).toBe(200);
    // And if that answer was lost as well:
    const again = await accept(invitation);
    const audited = b.lines.map((line) => JSON.parse(line) as { audit?: string; issuer?: string });
    expect(audited.slice(-3).map(({ audit }) => audit)).toEqual([
      'invitation.accepted',
      'issuer.registered',
      'invitation.accepted',
    ]);
    expect([again.status, again.body]).toEqual([200, first.body]);
    expect([await issuersOf(a), await issuersOf(b)]).toMatchObject([[{}], [{}]]);
  });

  it('are registered once when the button is pressed five times', async () => {
    const invitation = await invite();
    const answers = await Promise.all(Array.from({ length: 5 }, () => accept(invitation)));
    expect(answers.map(({ status }) => status)).toEqual(Array(5).fill(200));
    expect([await issuersOf(a), await issuersOf(b)]).toMatchObject([[{}], [{}]]);
  });

  it('find each other over a certificate of their own, by authority or by fingerprint (P2.11)', async () => {
    const { cert, key, fingerprint } = selfSigned();
    const tls = disposers.use(await startProxy({ cert, key }));
    const behindTls = await start(tls.url);
    tls.forwardTo(behindTls.auth.url);
    const invitation = await invite(behindTls);
    const reach = { allow_private_addresses: true };
    const refused = await accept(invitation, reach);
    expect([refused.status, refused.body.code]).toEqual([502, 'peer_unreachable']);
    expect(refused.body.detail).toMatch(/ca_certificate.*certificate_sha256/);
    const wrong = await accept(invitation, { ...reach, certificate_sha256: 'ab'.repeat(32) });
    expect(wrong.body.code).toBe('peer_unreachable');
    for (const trusted of [{ ca_certificate: cert }, { certificate_sha256: fingerprint }]) {
      const accepted = await accept(invitation, { ...reach, ...trusted });
      expect(accepted.status).toBe(200);
      await b.admin('delete', `/issuers/${accepted.body.issuer.id as string}`).set('if-match', '*');
    }
  });
});

describe('accepting what cannot be accepted (P2.7)', () => {
  const NAME = `netplay-invitation=${'x'.repeat(16)}.${'y'.repeat(22)}`;
  const page = () => callers.answer('page', (_request, response) => response.end('<html></html>'));
  const other = () =>
    callers.answer('other', (_request, response) => response.end(JSON.stringify({ issuer: a.issuer })));

  it.each<[string, () => string | Promise<string>, object, number, string, RegExp]>([
    ['something else', () => 'hello', REACH, 400, 'invitation_unreadable', /all of the line/],
    ['half of one', async () => (await invite()).slice(0, -1), REACH, 400, 'invitation_unreadable', /line/],
    ['no URL', () => `games#${NAME}`, REACH, 400, 'peer_url_refused', /URL such as/],
    [
      'http unasked',
      () => invite(),
      { allow_private_addresses: true },
      400,
      'peer_url_refused',
      /allow_http/,
    ],
    ['its own', () => invite(b), REACH, 409, 'own_issuer', /this instance itself/],
    ['a page', () => `${page()}#${NAME}`, REACH, 502, 'peer_answer_invalid', /not netplay auth/],
    ['another instance’s URL', () => `${other()}#${NAME}`, REACH, 502, 'peer_is_another', /AUTH_ISSUER/],
    [
      'a private address unasked',
      () => invite(),
      { allow_http: true },
      502,
      'peer_unreachable',
      /allow_private_addresses/,
    ],
    [
      'a metadata service',
      () => `http://169.254.169.254#${NAME}`,
      REACH,
      502,
      'peer_unreachable',
      /reserved address/,
    ],
    [
      'nobody',
      async () => `http://127.0.0.1:${await freePort()}#${NAME}`,
      REACH,
      502,
      'peer_unreachable',
      /could not be reached/,
    ],
    [
      'a forged one',
      async () => (await invite()).slice(0, -4) + 'AAAA',
      REACH,
      409,
      'invitation_not_taken',
      /It says: The invitation is unknown/,
    ],
    [
      'one that does not let them call us back',
      () => invite(a, { allow_http: true }),
      REACH,
      409,
      'invitation_not_taken',
      /It says: Your instance could not be asked.*allow_private_addresses/,
    ],
    [
      'a broken certificate',
      () => invite(),
      { ...REACH, ca_certificate: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n' },
      400,
      'issuer_certificate_unusable',
      /PEM/,
    ],
  ])('says so: %s', async (_what, invitation, terms, status, code, detail) => {
    const answer = await accept(await invitation(), terms);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
    expect(answer.body.detail).toMatch(detail);
    expect([await issuersOf(a), await issuersOf(b)]).toEqual([[], []]);
  });

  it('says so: an expired one', async () => {
    const late = await start();
    const invitation = await invite(late);
    late.advance(15 * 60_000);
    const { status, body } = await accept(invitation);
    expect([status, body.code, body.detail]).toEqual([
      409,
      'invitation_not_taken',
      expect.stringContaining('It says: The invitation has expired'),
    ]);
  });

  it('uses up no invitation of an instance that is registered on other terms', async () => {
    await b.admin('post', '/issuers').send({ issuer: a.issuer, label: 'By hand', ...REACH });
    const refused = await accept(await invite());
    expect([refused.status, refused.body.code]).toEqual([409, 'issuer_exists']);
    expect(await issuersOf(a)).toEqual([]);
  });

  it('shows the words of the other side without what would steer a terminal, and not all of them', async () => {
    const detail = `\u001b[2J\u202e${'x'.repeat(5_000)}`;
    const problem = { type: 'about:blank', title: 'Forbidden', status: 403, code: 'x', detail };
    const jwks = JSON.stringify({ keys: [c.key.publicJwk] });
    const issuer: string = callers.answer('loud', ({ url = '', method }, response) => {
      if (method === 'POST') response.writeHead(403).end(JSON.stringify(problem));
      else response.end(url.endsWith('jwks.json') ? jwks : JSON.stringify({ issuer }));
    });
    const { body } = await accept(`${issuer}#${NAME}`);
    expect(body.code).toBe('invitation_not_taken');
    expect(body.detail).not.toMatch(/\p{C}/u);
    expect(body.detail.length).toBeLessThan(700);
  });
});

describe('activating an instance (P2.7)', () => {
  const registered = async (terms: object = REACH) => {
    const { status, body } = await b
      .admin('post', '/issuers')
      .send({ issuer: c.issuer, label: 'C', ...terms });
    expect(status).toBe(200);
    return body as Issuer;
  };

  it.each<[string, () => string[] | undefined]>([
    ['nothing was compared', () => undefined],
    ['no key was', () => []],
    ['another key was', () => ['x'.repeat(43)]],
    ['one too many was', () => [c.key.kid, 'x'.repeat(43)]],
  ])('is refused when %s', async (_what, confirmed) => {
    const issuer = await registered();
    const refused = await become(b, issuer, { state: 'active', confirmed_thumbprints: confirmed() });
    expect([refused.status, refused.body.code]).toEqual([409, 'thumbprints_not_confirmed']);
    expect(refused.body.detail).toContain('/api/admin/issuers/:id/keys');
    expect(await issuersOf(b)).toEqual([issuer]);
  });

  it('needs all keys that are published, in any order', async () => {
    const [one, two] = [c.key, await generateSigningKey('RS256')];
    const jwks = JSON.stringify({
      // Named by something else than what they are, and by what a terminal would go up a line for (P2.7).
      keys: [one, two].map(({ publicJwk }, index) => ({ ...publicJwk, kid: `key-${index}\u001b[A` })),
    });
    const url = callers.answer('two', (_request, response) => response.end(jwks));
    const issuer = await registered({ issuer: url, ...REACH });
    const thumbprints = [two, one].map(({ publicJwk }) => thumbprint(publicJwk));
    const shown = await b.admin('get', `/issuers/${issuer.id}/keys`);
    expect(shown.body.keys).toEqual([
      { kid: 'key-0 [A', alg: 'ES256', thumbprint: thumbprints[1] },
      { kid: 'key-1 [A', alg: 'RS256', thumbprint: thumbprints[0] },
    ]);
    const half = await become(b, issuer, { state: 'active', confirmed_thumbprints: [thumbprints[0]] });
    expect(half.body.code).toBe('thumbprints_not_confirmed');
    const all = await become(b, issuer, { state: 'active', confirmed_thumbprints: thumbprints });
    expect(all.body.state).toBe('active');
    // Who is trusted once needs no more of it, until they are removed.
    const suspended = await become(b, issuer, { state: 'suspended' });
    expect((await become(b, suspended.body as Issuer, { state: 'active' })).body.state).toBe('active');
  });

  it('needs no comparison of keys that were pinned', async () => {
    const issuer = await registered();
    const pinned = { state: 'active', pinned_keys: [c.key.publicJwk] };
    expect((await become(b, issuer, pinned)).body.state).toBe('active');
  });

  it.each<[string, object, RegExp]>([
    ['at a private address unasked', { allow_http: true }, /allow_private_addresses/],
    ['that is not there', { ...REACH, issuer: 'http://127.0.0.1:9' }, /could not be reached/],
  ])('says why it cannot ask one %s', async (_what, terms, detail) => {
    const issuer = await registered(terms);
    const asked = [
      await b.admin('get', `/issuers/${issuer.id}/keys`),
      await become(b, issuer, { state: 'active', confirmed_thumbprints: [c.key.kid] }),
    ];
    for (const { status, body } of asked) {
      expect([status, body.code]).toEqual([502, 'peer_unreachable']);
      expect(body.detail).toMatch(detail);
    }
    expect(await issuersOf(b)).toEqual([issuer]);
  });

  it('knows no keys of an instance that is not registered', async () => {
    expect((await b.admin('get', `/issuers/${'x'.repeat(22)}/keys`)).status).toBe(404);
  });
});
