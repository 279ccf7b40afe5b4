import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import { rootCertificates } from 'node:tls';
import { createLogger } from '@romm-netplay/service-kit';
import { createMemoryState, type SharedState } from '@romm-netplay/shared-state';
import { generateSigningKey } from '@romm-netplay/token-core';
import request from 'supertest';
import { createSqlIssuerRegistry } from '../src/adapters/sql/sql-issuer-registry.js';
import type { IssuerRegistry } from '../src/federation/issuer-registry.js';
import { ADMIN_KEY, ALICE, startAuth, type TestAuth } from './support/auth.js';
import { testDatabase } from './support/database.js';

const PATH = '/api/admin/issuers';
const KEY = (await generateSigningKey('ES256')).publicJwk;
const RSA = (await generateSigningKey('RS256')).publicJwk;

const CERTIFICATES = `${rootCertificates.slice(0, 2).join('\n')}\n`;

const lines: string[] = [];
let state: SharedState;
let registry: IssuerRegistry;
let auth: TestAuth;
beforeAll(async () => {
  const log = createLogger('auth', 'warn', { write: (line) => void lines.push(line) });
  state = createMemoryState();
  registry = createSqlIssuerRegistry((await testDatabase()).sql, { now: Date.now });
  auth = await startAuth({}, { state, log });
});
afterAll(() => auth.close());
beforeEach(async () => {
  for (const { issuer, version } of (await registry.list()).issuers) {
    await registry.remove(issuer, version);
  }
  lines.length = 0;
});

type Method = 'get' | 'post' | 'put' | 'delete';
const call = (method: Method, path = '', authorization = `Bearer ${ADMIN_KEY}`) =>
  request(auth.url)[method](`${PATH}${path}`).set('authorization', authorization);
const create = (body: object) => call('post').send({ issuer: 'https://b.example.org', label: 'B', ...body });

/** A registered issuer, as it was answered. */
async function registered(changes: object = {}) {
  const { status, body, headers } = await create(changes);
  expect(status).toBe(200);
  return { body: body as Record<string, unknown>, path: `/${body.id as string}`, etag: headers['etag']! };
}
const audited = () =>
  lines.map((line) => JSON.parse(line) as Record<string, unknown>).filter(({ audit }) => audit);

describe('registering issuers (P2.4)', () => {
  it('begins pending, with nothing allowed that was not said', async () => {
    const { body, path, etag } = await registered();
    expect(body).toEqual({
      id: expect.stringMatching(/^[\w-]{22}$/),
      issuer: 'https://b.example.org',
      allow_http: false,
      label: 'B',
      state: 'pending',
      permissions: [],
      pinned_keys: [],
      ca_certificate: null,
      certificate_sha256: null,
      allow_private_addresses: false,
      subject: 'pairwise',
      players_may_visit: true,
      quotas: { sockets: 200, rooms: 20, entries_per_minute: 120 },
      banned_players: [],
      created_at: expect.any(String),
      updated_at: body['created_at'],
      version: expect.any(Number),
    });
    expect((await call('get')).body).toEqual({ issuers: [body] });
    const read = await call('get', path);
    expect(read.body).toEqual(body);
    expect(read.headers['etag']).toBe(etag);
  });

  it('keeps keys, certificates and fingerprints as they were meant', async () => {
    const { body } = await registered({
      permissions: ['rooms:create', 'rooms:list'],
      pinned_keys: [KEY, RSA],
      ca_certificate: CERTIFICATES,
      certificate_sha256: 'AB:'.repeat(31) + 'CD',
      allow_private_addresses: true,
    });
    expect(body).toMatchObject({
      permissions: ['rooms:create', 'rooms:list'],
      pinned_keys: [KEY, RSA],
      ca_certificate: CERTIFICATES,
      certificate_sha256: 'ab'.repeat(31) + 'cd',
      allow_private_addresses: true,
    });
  });

  it.each([
    ['https://B.Example.ORG', 'https://b.example.org'],
    ['HTTPS://b.example.org/', 'https://b.example.org'],
    ['https://b.example.org:443', 'https://b.example.org'],
    ['https://b.example.org:8443/', 'https://b.example.org:8443'],
    ['https://b.example.org/netplay/', 'https://b.example.org/netplay'],
    ['https://b.example.org/a/../Netplay', 'https://b.example.org/Netplay'],
    ['https://bücher.example', 'https://xn--bcher-kva.example'],
    ['https://[2001:DB8::1]:3100', 'https://[2001:db8::1]:3100'],
    ['https://0x7f.1', 'https://127.0.0.1'],
  ])('writes %s as %s, so that one instance is registered once', async (issuer, canonical) => {
    expect((await registered({ issuer })).body['issuer']).toBe(canonical);
    const again = await create({ issuer: canonical });
    expect([again.status, again.body.code]).toEqual([409, 'issuer_exists']);
  });

  it('takes plain http only when that is allowed for this issuer (P2.11)', async () => {
    const { body } = await registered({ issuer: 'http://192.168.1.7:3100/', allow_http: true });
    expect(body).toMatchObject({ issuer: 'http://192.168.1.7:3100', allow_http: true });
  });

  it.each([
    ['http without the flag', 'http://b.example.org', 'allow_http'],
    ['credentials', 'https://ada:pw@b.example.org', 'credentials'],
    ['empty credentials', 'https://@b.example.org', 'credentials'],
    ['a query', 'https://b.example.org/?a=1', 'query'],
    ['an empty query', 'https://b.example.org?', 'query'],
    ['a fragment', 'https://b.example.org/#', 'fragment'],
    ['a dot after the host', 'https://b.example.org.', 'dot'],
    ['a dot after the host, before a port', 'https://b.example.org.:8443', 'dot'],
    ['port 0', 'https://b.example.org:0', 'port'],
    ['a port too high', 'https://b.example.org:65536', 'URL'],
    ['no host', 'https://', 'URL'],
    ['no host but a path', 'https:///b.example.org', 'URL'],
    ['no slashes', 'https:b.example.org', 'URL'],
    ['backslashes', 'https:\\\\b.example.org', 'backslash'],
    ['white space', ' https://b.example.org', 'white space'],
    ['a line break that parsers drop', 'https://b.exa\nmple.org', 'white space'],
    ['another scheme', 'file:///etc/passwd', 'URL'],
    ['a script', 'javascript:alert(1)', 'URL'],
    ['an encoded path', 'https://b.example.org/%2e%2e%2fadmin', 'path'],
    ['an empty path segment', 'https://b.example.org//x', 'path'],
    ['too much', `https://b.example.org/${'a'.repeat(255)}`, '255'],
    ['too much in its canonical form', `https://${'ü.'.repeat(40)}example.org`, '255'],
    ['nothing', '', 'URL'],
  ])('refuses a URL with %s', async (_what, issuer, word) => {
    const { status, body } = await create({ issuer });
    expect([status, body.code]).toEqual([400, 'invalid_request']);
    expect(body.detail).toMatch(/^body\.issuer: /);
    expect(body.detail).toContain(word);
  });

  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const smallRsa = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' });
  it.each([
    [
      'a private EC key',
      { pinned_keys: [{ ...KEY, ...privateKey.export({ format: 'jwk' }) }] },
      'private member d',
    ],
    ['a private RSA member', { pinned_keys: [{ ...RSA, qi: 'AQAB' }] }, 'private member qi'],
    [
      'a shared secret',
      { pinned_keys: [{ kty: 'oct', k: 'c2VjcmV0', kid: 'a', alg: 'HS256' }] },
      'RSA or EC',
    ],
    ['an algorithm nobody checks', { pinned_keys: [{ ...RSA, alg: 'RS1' }] }, 'alg'],
    ['an algorithm of other keys', { pinned_keys: [{ ...RSA, alg: 'ES256' }] }, 'alg'],
    ['another curve', { pinned_keys: [{ ...KEY, crv: 'P-384' }] }, 'crv'],
    ['a key for encryption', { pinned_keys: [{ ...KEY, use: 'enc' }] }, 'use'],
    ['a key without a kid', { pinned_keys: [{ ...KEY, kid: '' }] }, 'kid'],
    ['a key URL to fetch', { pinned_keys: [{ ...KEY, x5u: 'http://169.254.169.254' }] }, 'x5u'],
    ['two keys of one kid', { pinned_keys: [KEY, KEY] }, 'different kids'],
    [
      'a point that is on no curve',
      { pinned_keys: [{ ...KEY, x: KEY.y, y: KEY.x }] },
      'P-256 keys of its JWKS',
    ],
    ['a short RSA key', { pinned_keys: [{ ...RSA, ...smallRsa }] }, 'pinned_keys'],
    [
      'too many keys',
      { pinned_keys: Array.from({ length: 11 }, (_, kid) => ({ ...KEY, kid: `${kid}` })) },
      '10',
    ],
    ['no label', { label: '' }, 'label'],
    ['a label too long', { label: 'x'.repeat(65) }, 'label'],
    ['a label of what nobody sees', { label: '\u200b\u3164' }, 'label'],
    ['an unknown permission', { permissions: ['rooms:delete'] }, 'permissions'],
    ['a permission twice', { permissions: ['rooms:list', 'rooms:list'] }, 'each permission once'],
    ['a certificate that is none', { ca_certificate: 'hello' }, 'PEM'],
    [
      'a certificate that cannot be read',
      { ca_certificate: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n' },
      'cannot be read',
    ],
    ['a private key', { ca_certificate: privateKey.export({ type: 'pkcs8', format: 'pem' }) }, 'private key'],
    ['a certificate too long', { ca_certificate: 'x'.repeat(8_193) }, '8192'],
    ['a quota below one socket', { quotas: { sockets: 0, rooms: 1, entries_per_minute: 1 } }, 'sockets'],
    ['half of the quotas', { quotas: { sockets: 1 } }, 'quotas'],
    ['another kind of subject', { subject: 'email' }, 'subject'],
    ['a player that is no player_id', { banned_players: ['ada'] }, 'player_id'],
    ['a player twice', { banned_players: ['x'.repeat(22), 'x'.repeat(22)] }, 'each player once'],
    ['a fingerprint of another hash', { certificate_sha256: 'ab'.repeat(20) }, '64 hex digits'],
  ])('refuses %s', async (_what, changes, word) => {
    const { status, body } = await create(changes);
    expect([status, body.detail]).toEqual([400, expect.stringContaining(word)]);
    expect((await call('get')).body).toEqual({ issuers: [] });
  });

  it.each(['https://games.example.org', 'https://GAMES.example.org:443/', 'http://games.example.org'])(
    'refuses %s, because that is this instance itself',
    async (issuer) => {
      const { status, body } = await create({ issuer, allow_http: true });
      expect([status, body.code]).toEqual([409, 'own_issuer']);
    },
  );

  it('registers an issuer once, also when ten administrators do it at once', async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, () => create({})));
    expect(answers.map(({ status }) => status).sort()).toEqual([
      200,
      ...Array.from({ length: 9 }, () => 409),
    ]);
  });

  it('has a bounded number of issuers (R3)', async () => {
    const { issuer: _, ...draft } = (await registered()).body;
    for (let i = 1; i < 200; i += 1) {
      await registry.put({ ...draft, issuer: `https://i${i}.example.org` } as never, undefined);
    }
    const { status, body } = await create({ issuer: 'https://last.example.org' });
    expect([status, body.code]).toEqual([409, 'too_many_issuers']);
  });
});

describe('changing issuers (P2.4)', () => {
  it('takes back what was read, with changes, and gives it a new tag', async () => {
    const { body, path, etag } = await registered({ pinned_keys: [KEY] });
    const changed = await call('put', path)
      .set('if-match', etag)
      .send({ ...body, label: 'Bea', state: 'active' });
    expect(changed.status).toBe(200);
    expect(changed.headers['etag']).not.toBe(etag);
    expect(changed.body).toEqual({
      ...body,
      label: 'Bea',
      state: 'active',
      updated_at: expect.any(String),
      version: expect.any(Number),
    });
    expect((await call('get', path)).body).toEqual(changed.body);
  });

  it('does not move an issuer to another URL', async () => {
    const { body, path, etag } = await registered();
    const sent = {
      ...body,
      issuer: 'https://evil.example.org',
      allow_http: true,
      created_at: '',
      version: 1,
    };
    const changed = await call('put', path).set('if-match', etag).send(sent);
    expect(changed.body).toMatchObject({ issuer: 'https://b.example.org', allow_http: false });
    expect(changed.body.created_at).toBe(body['created_at']);
  });

  it.each([
    'label',
    'permissions',
    'pinned_keys',
    'ca_certificate',
    'certificate_sha256',
    'allow_private_addresses',
    'subject',
    'players_may_visit',
    'quotas',
    'banned_players',
    'state',
  ])('wants %s named, so that nothing is dropped by forgetting it', async (name) => {
    const { body, path, etag } = await registered({ pinned_keys: [KEY] });
    const { status, body: problem } = await call('put', path)
      .set('if-match', etag)
      .send({ ...body, [name]: undefined });
    expect([status, problem.detail]).toEqual([400, expect.stringContaining(name)]);
    expect((await call('get', path)).body).toEqual(body);
  });

  it('shows a change to every process before it is answered', async () => {
    const published = async () => (await state.issuers.list()).issuers.map((issuer) => issuer.state);
    const { body, path } = await registered({ pinned_keys: [KEY] });
    expect(await published()).toEqual(['pending']);
    await call('put', path)
      .set('if-match', '*')
      .send({ ...body, state: 'active' });
    expect(await published()).toEqual(['active']);
    await call('delete', path).set('if-match', '*');
    expect(await published()).toEqual([]);
  });

  it('answers 428 without If-Match and 412 for what is not current, and changes nothing', async () => {
    const { body, path, etag } = await registered();
    for (const method of ['put', 'delete'] as const) {
      const without = await call(method, path).send(body);
      expect([without.status, without.body.code]).toEqual([428, 'precondition_required']);
      for (const tag of ['"1"', `W/${etag}`, etag.replaceAll('"', ''), '', '"1", "2"']) {
        const stale = await call(method, path).set('if-match', tag).send(body);
        expect([tag, stale.status, stale.body.code]).toEqual([tag, 412, 'precondition_failed']);
      }
    }
    expect((await call('get', path)).body).toEqual(body);
  });

  it('takes one tag of several, and * from whoever wants to overwrite whatever is there', async () => {
    const { body, path, etag } = await registered();
    for (const tag of [`"1", ${etag}`, '*']) {
      expect((await call('put', path).set('if-match', tag).send(body)).status).toBe(200);
    }
  });

  it.each(['put', 'delete'] as const)(
    'lets one of ten win who %s the same version at once',
    async (method) => {
      const { body, path, etag } = await registered();
      const racers = Array.from({ length: 10 }, (_, index) =>
        call(method, path)
          .set('if-match', etag)
          .send({ ...body, label: `racer ${index}` }),
      );
      const answers = await Promise.all(racers);
      const winners = answers.filter(({ status }) => status === 200);
      expect(winners).toHaveLength(1);
      // Who comes when it is gone already finds nothing.
      const lost = method === 'put' ? [412] : [412, 404];
      for (const { status } of answers) if (status !== 200) expect(lost).toContain(status);
      const left = method === 'put' ? [winners[0]!.body] : [];
      expect((await call('get')).body).toEqual({ issuers: left });
    },
  );

  it('knows a removed issuer that was registered again for another one', async () => {
    const { body, path, etag } = await registered();
    expect((await call('delete', path).set('if-match', etag)).body).toEqual({ ok: true });
    expect((await call('get', path)).body.code).toBe('issuer_not_found');
    expect((await call('put', path).set('if-match', etag).send(body)).status).toBe(404);
    expect((await registered()).path).toBe(path);
    expect((await call('put', path).set('if-match', etag).send(body)).status).toBe(412);
  });

  it.each([
    ['pending', ['pending', 'active']],
    ['active', ['active', 'suspended']],
    ['suspended', ['suspended', 'active']],
  ])('lets a %s issuer become %s, and be removed', async (from, allowed) => {
    for (const to of ['pending', 'active', 'suspended']) {
      const { body, path } = await registered({ pinned_keys: [KEY] });
      const become = (next: string) =>
        call('put', path)
          .set('if-match', '*')
          .send({ ...body, state: next });
      if (from !== 'pending') await become('active');
      if (from === 'suspended') await become('suspended');
      const { status, body: answer } = await become(to);
      if (allowed.includes(to)) expect([status, answer.state]).toEqual([200, to]);
      else expect([status, answer.code]).toEqual([409, 'issuer_state_refused']);
      expect((await call('delete', path).set('if-match', '*')).status).toBe(200);
    }
  });

  it('answers 304 to whoever has the issuer, or the list', async () => {
    const { path, etag } = await registered();
    expect((await call('get', path).set('if-none-match', etag)).status).toBe(304);
    const list = (await call('get')).headers['etag']!;
    expect((await call('get').set('if-none-match', list)).status).toBe(304);
    await call('delete', path).set('if-match', etag);
    expect((await call('get').set('if-none-match', list)).status).toBe(200);
  });

  it('writes an audit line of every change, and of nothing else', async () => {
    const { body, path, etag } = await registered({ permissions: ['rooms:join'], pinned_keys: [KEY] });
    await create({});
    await call('put', path).send(body);
    await call('put', path)
      .set('if-match', etag)
      .send({ ...body, state: 'active' });
    await call('delete', path).set('if-match', '*');
    const common = { issuer: 'https://b.example.org', by: 'api-key' };
    const terms = {
      ...common,
      permissions: ['rooms:join'],
      pinned_kids: [KEY.kid],
      private_ca: false,
      subject: 'pairwise',
      players_may_visit: true,
      quotas: body['quotas'],
      banned_players: [],
    };
    expect(audited()).toEqual([
      expect.objectContaining({ audit: 'issuer.registered', state: 'pending', ...terms }),
      expect.objectContaining({ audit: 'issuer.changed', state: 'active', ...terms }),
      expect.objectContaining({ audit: 'issuer.removed', ...common }),
    ]);
  });
});

describe('who may not', () => {
  it.each(['', 'Bearer wrong', `Bearer ${ALICE}`, `Basic ${ADMIN_KEY}`])(
    'is refused before anything is read, with the header "%s"',
    async (authorization) => {
      const { path } = await registered();
      const calls: [Method, string][] = [
        ['get', ''],
        ['post', ''],
        ['get', path],
        ['put', path],
        ['delete', path],
      ];
      for (const [method, of] of calls) {
        const { status } = await call(method, of, authorization).set('if-match', '*').send({});
        expect([method, of, status]).toEqual([method, of, 401]);
      }
      expect((await call('get', path)).status).toBe(200);
    },
  );

  it.each(['x', '../keys', 'a'.repeat(23)])('hears 400 or 404 of the id %s', async (id) => {
    expect([400, 404]).toContain((await call('get', `/${encodeURIComponent(id)}`)).status);
  });
});
