import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ROMM_RELEASES, type RommServer, startRommServer } from '@romm-netplay/testing';
import { decodeJwt } from 'jose';
import request from 'supertest';
import { refreshCookieName } from '../src/http/refresh-cookie.js';
import { ADMIN_KEY, ISSUER, startAuth, type TestAuth } from './support/auth.js';
import { sessionClient, type SessionClient } from './support/session-client.js';

const COOKIE = refreshCookieName(ISSUER);
let nowMs = Date.now();
describe.each(ROMM_RELEASES)('RomM $name', (release) => {
  let romm: RommServer;
  let auth: TestAuth;
  let client: SessionClient;
  let lastId = 0;
  beforeAll(async () => {
    romm = await startRommServer(release);
    auth = await startAuth(
      { identityProviders: ['romm', 'local'], rommBaseUrl: romm.url },
      { now: () => nowMs },
    );
    client = sessionClient(auth.url, COOKIE);
  });
  afterAll(async () => {
    await auth.close();
    await romm.close();
  });
  beforeEach(() => {
    // Beyond what the identity cache keeps fresh.
    nowMs += 3600_000;
    romm.behave({ mode: 'ok' });
  });

  const mint = (headers: Record<string, string>) =>
    request(auth.url).post('/api/sfu/token').set(headers).send({});
  const cookieOf = (session: string) => ({ cookie: `theme=dark; romm_session=${session}` });
  const newUser = (user: { username: string; role?: string }) => {
    const { id } = romm.putUser({ id: (lastId += 1), ...user });
    return { id, session: romm.openSession(id) };
  };
  const subOf = (body: unknown) => decodeJwt((body as { token: string }).token).sub;

  describe('a RomM user (S4)', () => {
    it.each([
      ['cookie', (id: number) => cookieOf(romm.openSession(id))],
      ['OAuth bearer', (id: number) => ({ authorization: `Bearer ${romm.issueBearer(id)}` })],
      ['client token', (id: number) => ({ authorization: `Bearer ${romm.issueClientToken(id)}` })],
    ])('mints with a %s, as the user RomM names', async (_kind, headersOf) => {
      const { id } = newUser({ username: `ada-${String(lastId)}` });
      const { status, body } = await mint(headersOf(id));
      expect(status).toBe(200);
      expect(subOf(body)).toBe(`ada-${String(id - 1)}`);
      expect(decodeJwt(body.token as string)).not.toHaveProperty('sid');
    });

    it('is not signed in without a credential RomM knows: 403, as RomM answers (P1.1)', async () => {
      for (const headers of [{}, cookieOf('made-up'), { authorization: 'Bearer rmm_0000' }]) {
        const { status, body } = await mint(headers);
        expect({ status, code: body.code }).toEqual({ status: 403, code: 'not_signed_in' });
      }
    });

    it('gets a quick 503 while RomM is away or a proxy answers for it, and tokens again afterwards', async () => {
      const { session } = newUser({ username: 'bob' });
      for (const mode of ['bad-gateway', 'html', 'login-page'] as const) {
        romm.behave({ mode });
        nowMs += 5_000;
        const { status, body, headers } = await mint(cookieOf(session));
        expect({ status, code: body.code }).toEqual({ status: 503, code: 'identity_unavailable' });
        expect(headers['retry-after']).toBe('1');
      }
      romm.behave({ mode: 'ok' });
      nowMs += 5_000;
      expect((await mint(cookieOf(session))).status).toBe(200);
    });

    it('is an administrator here if RomM says so, by a session of ours', async () => {
      const { session } = newUser({ username: 'boss', role: 'admin' });
      const { body } = await client.post('/api/auth/login', {}, cookieOf(session));
      expect(body.player).toMatchObject({ sub: 'boss', role: 'admin' });
      const { status } = await request(auth.url)
        .get('/api/admin/keys')
        .set('authorization', `Bearer ${body.access_token}`);
      expect(status).toBe(200);
      expect((await request(auth.url).get('/api/admin/keys').set(cookieOf(session))).status).toBe(401);
    });

    it('cannot be signed in by another site: the cookie counts on own pages only (CSRF)', async () => {
      const { session } = newUser({ username: 'carol' });
      const foreign = { ...cookieOf(session), origin: 'https://evil.example' };
      expect((await mint(foreign)).status).toBe(403);
      expect((await client.post('/api/auth/login', {}, foreign)).status).toBe(403);
    });
  });

  describe('a session begun with RomM credentials (S1)', () => {
    it('goes on while RomM knows the user, and ends with the RomM session', async () => {
      const { session } = newUser({ username: 'dan' });
      const begun = await client.post('/api/auth/login', {}, cookieOf(session));
      const both = (token: string) => ({ cookie: `${COOKIE}=${token}; romm_session=${session}` });
      nowMs += 900_000;
      const next = await client.post('/api/auth/refresh', {}, both(begun.refreshToken!));
      expect(next.status).toBe(200);
      romm.revoke(session);
      nowMs += 900_000;
      expect(await client.post('/api/auth/refresh', {}, both(next.refreshToken!))).toMatchObject({
        status: 401,
        body: { code: 'session_ended' },
      });
      expect((await client.mint(next.body.access_token)).status).toBe(401);
    });

    it('is not ended by an outage of RomM', async () => {
      const { session } = newUser({ username: 'eli' });
      const begun = await client.post('/api/auth/login', {}, cookieOf(session));
      const both = { cookie: `${COOKIE}=${begun.refreshToken!}; romm_session=${session}` };
      nowMs += 3600_000;
      romm.behave({ mode: 'bad-gateway' });
      expect((await client.post('/api/auth/refresh', {}, both)).status).toBe(503);
      romm.behave({ mode: 'ok' });
      nowMs += 5_000;
      expect((await client.post('/api/auth/refresh', {}, both)).status).toBe(200);
    });

    it('ends when RomM says that the user is disabled', async () => {
      const { id, session } = newUser({ username: 'kay' });
      const begun = await client.post('/api/auth/login', {}, cookieOf(session));
      romm.putUser({ id, username: 'kay', enabled: false });
      romm.behave({ disabledUsers: 'shown' });
      nowMs += 900_000;
      const both = { cookie: `${COOKIE}=${begun.refreshToken!}; romm_session=${session}` };
      expect((await client.post('/api/auth/refresh', {}, both)).status).toBe(401);
      expect((await client.mint(begun.body.access_token)).body).toMatchObject({ code: 'token_revoked' });
    });

    it('ends when the user has signed out of a RomM that shows its kiosk then', async () => {
      const { session } = newUser({ username: 'lia' });
      const begun = await client.post('/api/auth/login', {}, cookieOf(session));
      romm.revoke(session);
      romm.behave({ kiosk: true });
      nowMs += 900_000;
      const both = { cookie: `${COOKIE}=${begun.refreshToken!}; romm_session=${session}` };
      expect((await client.post('/api/auth/refresh', {}, both)).status).toBe(401);
      expect((await client.mint(begun.body.access_token)).body).toMatchObject({ code: 'token_revoked' });
    });

    it("does not go over to whoever's RomM cookie comes along", async () => {
      const [fay, gus] = [newUser({ username: 'fay' }), newUser({ username: 'gus' })];
      const begun = await client.post('/api/auth/login', {}, cookieOf(fay.session));
      const mixed = { cookie: `${COOKIE}=${begun.refreshToken!}; romm_session=${gus.session}` };
      expect((await client.post('/api/auth/refresh', {}, mixed)).status).toBe(401);
    });
  });

  describe('two RomM users of one identity (D5)', () => {
    it('the first keeps it, the other is told; an administrator can release it', async () => {
      // One database serves all releases here.
      const name = `hal-${release.name}`;
      const owner = newUser({ username: name });
      expect((await mint(cookieOf(owner.session))).status).toBe(200);
      // The account was removed at RomM, or renamed, and another one got its name.
      const rival = newUser({ username: name });
      const refused = await mint(cookieOf(rival.session));
      expect({ status: refused.status, code: refused.body.code }).toEqual({
        status: 403,
        code: 'identity_taken',
      });
      const releaseHeld = (sub: string) =>
        request(auth.url)
          .post('/api/admin/players/release')
          .set('authorization', `Bearer ${ADMIN_KEY}`)
          .send({ sub });
      expect((await releaseHeld(name)).status).toBe(200);
      expect((await releaseHeld(name)).body.code).toBe('identity_not_held');
      expect(subOf((await mint(cookieOf(rival.session))).body)).toBe(name);
    });

    it('no RomM name reaches an account of this server', async () => {
      const { session } = newUser({ username: 'local:11111111-1111-4111-8111-111111111111' });
      expect((await mint(cookieOf(session))).status).toBe(403);
    });
  });
});
