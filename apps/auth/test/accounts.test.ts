import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { refreshCookieName } from '../src/http/refresh-cookie.js';
import { ADMIN_KEY, startAuth, type TestAuth } from './support/auth.js';
import { testDatabase } from './support/database.js';
import { sessionClient, type SessionClient } from './support/session-client.js';

const PASSWORD = 'correct horse battery';
let auth: TestAuth;
let client: SessionClient;
beforeAll(async () => {
  auth = await startAuth({
    issuer: undefined,
    identityProviders: ['local'],
    firstAdmin: { username: 'Root', password: PASSWORD },
    trustedProxies: ['loopback'],
  });
  client = sessionClient(auth.url, refreshCookieName(auth.issuer));
});
afterAll(() => auth.close());

const asAdmin = (path: string, body: object, key = ADMIN_KEY) =>
  request(auth.url).post(`/api/admin/users${path}`).set('authorization', `Bearer ${key}`).send(body);
/** A fresh account, with an address of its own so that no other test's tries count against it. */
async function newAccount(role: 'player' | 'admin' = 'player') {
  const username = `ada-${randomUUID().slice(0, 8)}`;
  const { status, body } = await asAdmin('/create', { username, role });
  expect(status).toBe(200);
  const from = { 'x-forwarded-for': `10.${[1, 2, 3].map(() => Math.floor(Math.random() * 256)).join('.')}` };
  return { username, password: body.password as string, from };
}

describe('an account of this instance (S4, provider "local")', () => {
  it('signs in with its password; sub is an id of its own, the name is the username', async () => {
    const { username, password, from } = await newAccount();
    const { status, body, setCookie } = await client.login(username, password, from);
    expect(status).toBe(200);
    expect(body.player).toMatchObject({ netplay_username: username, role: 'player' });
    expect(body.player.sub).toMatch(/^local:[0-9a-f-]{36}$/);
    // This issuer is on plain http, where a Secure cookie would never come back.
    expect(setCookie).not.toContain('Secure');
    expect((await client.mint(body.access_token, 'write')).status).toBe(200);
  });

  it('is found whatever the case of its name, and by no second account of the same name', async () => {
    const { username, password, from } = await newAccount();
    expect((await client.login(username.toUpperCase(), password, from)).status).toBe(200);
    const { status, body } = await asAdmin('/create', { username: username.toUpperCase() });
    expect({ status, code: body.code }).toEqual({ status: 409, code: 'username_taken' });
  });

  it('keeps its password as argon2id only', async () => {
    const { username, password } = await newAccount();
    const { sql } = await testDatabase();
    const row = await sql
      .selectFrom('accounts')
      .selectAll()
      .where('username', '=', username)
      .executeTakeFirst();
    expect(row?.password_hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(JSON.stringify(row)).not.toContain(password);
  });

  it('answers alike for a wrong password and an unknown name', async () => {
    const { username, from } = await newAccount();
    const wrong = await client.login(username, 'wrong', from);
    const unknown = await client.login(`nobody-${username}`, 'wrong', from);
    const { request_id: _one, ...wrongBody } = wrong.body as { request_id?: string };
    const { request_id: _two, ...unknownBody } = unknown.body as { request_id?: string };
    expect(wrong).toMatchObject({ status: 401, body: { code: 'wrong_credentials' } });
    expect(unknown.status).toBe(401);
    expect(wrongBody).toEqual(unknownBody);
  });

  it.each([
    ['no password', { username: 'ada' }],
    ['no username', { password: 'x' }],
    ['a long username', { username: 'a'.repeat(65), password: 'x' }],
    ['a long password', { username: 'ada', password: 'x'.repeat(257) }],
    ['a list', { username: ['ada'], password: 'x' }],
  ])('refuses a body with %s', async (_what, body) => {
    expect((await client.post('/api/auth/login', body)).status).toBe(400);
  });

  it('throttles tries by account and address, before the password is looked at', async () => {
    const { username, password, from } = await newAccount();
    for (let attempt = 0; attempt < 5; attempt += 1) {
      expect((await client.login(username, 'wrong', from)).status).toBe(401);
    }
    const refused = await client.login(username, password, from);
    expect(refused).toMatchObject({ status: 429, body: { code: 'too_many_attempts' } });
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(800);
    expect((await client.login(username, password, { 'x-forwarded-for': '192.0.2.77' })).status).toBe(200);
  });

  it('cannot be locked by one address that keeps trying', async () => {
    const { username, password, from } = await newAccount();
    for (let attempt = 0; attempt < 110; attempt += 1) await client.login(username, 'wrong', from);
    expect((await client.login(username, password, { 'x-forwarded-for': '192.0.2.78' })).status).toBe(200);
  }, 60_000);

  it('counts tries that are sent at the same time', async () => {
    const { username, from } = await newAccount();
    const tries = await Promise.all(Array.from({ length: 20 }, () => client.login(username, 'wrong', from)));
    expect(tries.filter(({ status }) => status === 401)).toHaveLength(5);
  });

  it('stops an address that tries many names', async () => {
    const from = { 'x-forwarded-for': '192.0.2.66' };
    const statuses: number[] = [];
    for (let index = 0; index < 52; index += 1) {
      statuses.push((await client.login(`someone-${String(index)}`, 'wrong', from)).status);
    }
    expect(statuses.filter((status) => status === 401)).toHaveLength(50);
    expect(statuses.at(-1)).toBe(429);
  }, 60_000);

  it('changes its own password: other sessions end, this one goes on', async () => {
    const { username, password, from } = await newAccount();
    const here = await client.login(username, password, from);
    const elsewhere = await client.login(username, password, from);
    const change = (old_password: string, new_password: string) =>
      client.post(
        '/api/auth/password',
        { old_password, new_password },
        { authorization: `Bearer ${here.body.access_token}`, ...from },
      );
    expect(await change('wrong', 'a new password')).toMatchObject({ status: 401 });
    expect(await change(password, 'short')).toMatchObject({ status: 400 });
    expect((await change(password, 'a new password')).status).toBe(200);
    expect((await client.refresh(elsewhere.refreshToken!)).status).toBe(401);
    expect((await client.refresh(here.refreshToken!)).status).toBe(200);
    expect((await client.login(username, password, from)).status).toBe(401);
    expect((await client.login(username, 'a new password', from)).status).toBe(200);
  });
});

describe('an administrator', () => {
  it('of LOCAL_ADMIN_USERNAME exists from the start, and opens the admin API with an access token', async () => {
    const { body } = await client.login('root', PASSWORD);
    expect(body.player.role).toBe('admin');
    const { status } = await request(auth.url)
      .get('/api/admin/users')
      .set('authorization', `Bearer ${body.access_token}`);
    expect(status).toBe(200);
    expect(auth.setupUrl).toBeUndefined();
  });

  it('is who has the role: a player is refused', async () => {
    const { username, password, from } = await newAccount();
    const { body } = await client.login(username, password, from);
    const { status, body: refusal } = await asAdmin('/create', { username: 'eve' }, body.access_token);
    expect({ status, code: refusal.code }).toEqual({ status: 401, code: 'admin_key_wrong' });
  });

  it('disables an account: its sessions and tokens end, and only its password tells why', async () => {
    const { username, password, from } = await newAccount();
    const session = await client.login(username, password, from);
    expect((await asAdmin('/update', { username, enabled: false })).status).toBe(200);
    expect((await client.refresh(session.refreshToken!)).status).toBe(401);
    expect((await client.mint(session.body.access_token)).status).toBe(401);
    expect(await client.login(username, password, from)).toMatchObject({
      status: 403,
      body: { code: 'account_disabled' },
    });
    expect((await client.login(username, 'wrong', from)).body.code).toBe('wrong_credentials');
    await asAdmin('/update', { username, enabled: true });
    expect((await client.login(username, password, from)).status).toBe(200);
  });

  it('resets a password', async () => {
    const { username, password, from } = await newAccount();
    const { body } = await asAdmin('/reset-password', { username });
    expect((await client.login(username, password, from)).status).toBe(401);
    expect((await client.login(username, body.password as string, from)).status).toBe(200);
  });

  it('takes the role away at once, tokens included', async () => {
    const { username, password, from } = await newAccount('admin');
    const { body } = await client.login(username, password, from);
    expect((await asAdmin('/update', { username, role: 'player' })).status).toBe(200);
    const { status } = await request(auth.url)
      .get('/api/admin/users')
      .set('authorization', `Bearer ${body.access_token}`);
    expect(status).toBe(401);
  });

  it.each([{ enabled: false }, { role: 'player' }])('is never the last one to go: %j', async (change) => {
    const { body } = await asAdmin('/update', { username: 'Root', ...change });
    expect(body).toMatchObject({ status: 409, code: 'last_admin' });
    expect((await client.login('root', PASSWORD)).body.player.role).toBe('admin');
  });

  it('hears of names that are not there', async () => {
    for (const path of ['/update', '/reset-password']) {
      expect((await asAdmin(path, { username: 'nobody at all' })).body.code).toBe('user_not_found');
    }
  });
});

describe('the first administrator', () => {
  /** A service whose accounts are empty. */
  async function freshAuth(trustedProxies: readonly string[] = []) {
    const { sql } = await testDatabase();
    await sql.deleteFrom('accounts').execute();
    await sql.deleteFrom('setup_codes').execute();
    return startAuth({ issuer: undefined, identityProviders: ['local'], trustedProxies });
  }
  const setup = (url: string, code: string, username: string) =>
    request(url).post('/api/auth/setup').send({ code, username, password: PASSWORD });

  it('is created once with the printed link, however many use it at the same time', async () => {
    const fresh = await freshAuth();
    const link = new URL(fresh.setupUrl!);
    expect(link.pathname).toBe('/setup');
    const code = link.hash.slice(1);
    expect((await setup(fresh.url, 'A'.repeat(43), 'eve')).body.code).toBe('setup_code_refused');
    const answers = await Promise.all(['one', 'two', 'three'].map((name) => setup(fresh.url, code, name)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401, 401]);
    const { body } = await request(fresh.url)
      .get('/api/admin/users')
      .set('authorization', `Bearer ${ADMIN_KEY}`);
    expect(body.users).toMatchObject([{ role: 'admin', enabled: true }]);
    const again = await startAuth({ issuer: undefined, identityProviders: ['local'] });
    expect(again.setupUrl).toBeUndefined();
    await again.close();
    await fresh.close();
  });

  it('is not kept out by strangers who try other codes, from however many addresses', async () => {
    const fresh = await freshAuth(['loopback']);
    const code = new URL(fresh.setupUrl!).hash.slice(1);
    const from = (i: number, tried: string) =>
      setup(fresh.url, tried, `stranger-${i}`).set('x-forwarded-for', `203.0.113.${i}`);
    const statuses = new Set<number>();
    for (let i = 0; i < 101; i += 1) statuses.add((await from(i, 'A'.repeat(43))).status);
    expect([...statuses].sort()).toEqual([401, 429]);
    expect((await from(200, code)).status).toBe(200);
    await fresh.close();
  });

  it('may come by the link of any replica; one use takes all links back', async () => {
    const fresh = await freshAuth();
    const replica = await startAuth({ issuer: undefined, identityProviders: ['local'] });
    const codes = [fresh, replica].map(({ setupUrl }) => new URL(setupUrl!).hash.slice(1));
    expect((await setup(fresh.url, codes[1]!, 'Root')).status).toBe(200);
    expect((await setup(replica.url, codes[0]!, 'Eve')).status).toBe(401);
    await replica.close();
    await fresh.close();
  });

  it('comes by link where the configured name belongs to a player', async () => {
    const fresh = await freshAuth();
    await request(fresh.url)
      .post('/api/admin/users/create')
      .set('authorization', `Bearer ${ADMIN_KEY}`)
      .send({ username: 'root' });
    const firstAdmin = { username: 'Root', password: PASSWORD };
    const next = await startAuth({ issuer: undefined, identityProviders: ['local'], firstAdmin });
    expect(next.setupUrl).toBeDefined();
    await next.close();
    await fresh.close();
  });

  it('gets a page that needs no inline script', async () => {
    const page = await request(auth.url).get('/setup');
    expect(page.headers['content-security-policy']).toContain("script-src 'self'");
    expect(page.text).not.toMatch(/<script>|\sstyle=|\son\w+=/);
    expect((await request(auth.url).get('/setup.js')).headers['content-type']).toContain('text/javascript');
  });
});
