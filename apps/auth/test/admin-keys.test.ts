import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@romm-netplay/testing';
import request from 'supertest';
import { ADMIN_KEY, ALICE, ISSUER, startAuth, type TestAuth } from './support/auth.js';

let auth: TestAuth;
beforeAll(async () => {
  auth = await startAuth({ keyPublishLeadSeconds: 900 });
});
afterAll(() => auth.close());

const admin = (method: 'get' | 'post', path: string, key = ADMIN_KEY, target = auth) =>
  request(target.url)[method](`/api/admin/keys${path}`).set('authorization', `Bearer ${key}`);
const jwks = (target = auth) => request(target.url).get('/.well-known/jwks.json');
const kidsOf = (response: { body: unknown }) =>
  (response.body as { keys: { kid: string }[] }).keys.map(({ kid }) => kid);

describe('GET /.well-known/jwks.json', () => {
  it('publishes public members only, cacheable for less than the lead (P2.1)', async () => {
    const { body, headers } = await jwks();
    const { keys } = body as { keys: Record<string, unknown>[] };
    expect(keys.map((key) => Object.keys(key).sort())).toEqual([['alg', 'e', 'kid', 'kty', 'n', 'use']]);
    expect(headers['cache-control']).toBe('public, max-age=300, stale-while-revalidate=300');
  });

  it('answers 304 to whoever has the set, and the new one after a change', async () => {
    const { etag } = (await jwks()).headers as { etag: string };
    for (const tag of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const { status, text } = await jwks().set('if-none-match', tag);
      expect({ status, text }).toEqual({ status: 304, text: '' });
    }
    expect((await jwks().set('if-none-match', '"other"')).status).toBe(200);
    await admin('post', '/rotate');
    const { status, headers } = await jwks().set('if-none-match', etag);
    expect(status).toBe(200);
    expect(headers['etag']).not.toBe(etag);
  });
});

describe('GET /.well-known/netplay-configuration', () => {
  it('tells other instances what they need to know', async () => {
    expect((await request(auth.url).get('/.well-known/netplay-configuration')).body).toEqual({
      issuer: ISSUER,
      jwks_uri: `${ISSUER}/.well-known/jwks.json`,
      token_endpoint: `${ISSUER}/api/sfu/token`,
      token_types_supported: ['sfu:read', 'sfu:write'],
      id_token_signing_alg_values_supported: ['RS256', 'PS256', 'ES256'],
      protocol_versions_supported: ['netplay.v1'],
      identity_providers_supported: ['dev'],
    });
  });
});

describe('/api/admin/keys', () => {
  it('lists, rotates and withdraws', async () => {
    const target = await startAuth();
    const before = kidsOf(await admin('get', '', ADMIN_KEY, target));
    const { body: rotated } = await admin('post', '/rotate', ADMIN_KEY, target);
    const { kid } = rotated as { kid: string };
    expect(kidsOf(await jwks(target))).toEqual([...before, kid]);
    const listed = (await admin('get', '', ADMIN_KEY, target)).body as { keys: { phase: string }[] };
    expect(listed.keys.map(({ phase }) => phase)).toEqual(['current', 'next']);
    expect((await admin('post', '/withdraw', ADMIN_KEY, target).send({ kid: before[0] })).body).toEqual({
      ok: true,
    });
    expect(kidsOf(await jwks(target))).toEqual([kid]);
    expect((await admin('post', '/withdraw', ADMIN_KEY, target).send({ kid: before[0] })).status).toBe(409);
    expect((await admin('post', '/withdraw', ADMIN_KEY, target).send({ kid: 'nope' })).status).toBe(404);
    expect((await admin('post', '/reencrypt', ADMIN_KEY, target)).body).toEqual({ reencrypted: 0 });
    const minted = await request(target.url).post('/api/sfu/token').set('authorization', `Bearer ${ALICE}`);
    expect(minted.status).toBe(200);
    await target.close();
  });

  it('keeps a key published until the last token it signed has expired at the most lenient node', async () => {
    let nowMs = Date.now();
    const target = await startAuth({ keyPublishLeadSeconds: 1 }, { now: () => nowMs });
    const [old] = kidsOf(await jwks(target));
    await admin('post', '/rotate', ADMIN_KEY, target);
    // The successor takes over after a second; a read token lives 900 s, and a node may allow 30 s more.
    nowMs += 1_000 + 930_000;
    await admin('post', '/rotate', ADMIN_KEY, target);
    expect(kidsOf(await jwks(target))).toContain(old);
    nowMs += 31_000;
    await eventually(async () => !kidsOf(await jwks(target)).includes(old!));
    await target.close();
  });

  it.each([
    ['get', ''],
    ['post', '/rotate'],
    ['post', '/withdraw'],
    ['post', '/reencrypt'],
  ] as const)('%s %s needs the admin key', async (method, path) => {
    for (const key of ['', 'x'.repeat(ADMIN_KEY.length), `${ADMIN_KEY}x`, ALICE]) {
      const { status, body } = await admin(method, path, key);
      expect({ status, code: (body as { code: string }).code }).toEqual({
        status: 401,
        code: 'admin_key_wrong',
      });
    }
    const open = await startAuth({ adminApiKey: undefined });
    expect((await admin(method, path, ADMIN_KEY, open)).status).toBe(503);
    await open.close();
  });

  it('takes an admin key that is hashed in the configuration', async () => {
    const adminApiKey = `sha256:${createHash('sha256').update(ADMIN_KEY).digest('hex')}`;
    const target = await startAuth({ adminApiKey });
    expect((await admin('get', '', ADMIN_KEY, target)).status).toBe(200);
    expect((await admin('get', '', adminApiKey, target)).status).toBe(401);
    await target.close();
  });
});
