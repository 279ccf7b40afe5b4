import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createMemoryState, type SharedState } from '@romm-netplay/shared-state';
import fc from 'fast-check';
import { decodeJwt } from 'jose';
import request from 'supertest';
import { refreshCookieName } from '../src/http/refresh-cookie.js';
import { RACE_TOLERANCE_MS } from '../src/sessions/refresh-session.js';
import { ADMIN_KEY, ISSUER, startAuth, type TestAuth } from './support/auth.js';
import { testDatabase } from './support/database.js';
import { sessionClient, type SessionClient } from './support/session-client.js';

const DAY_MS = 24 * 3600 * 1000;
const COOKIE = refreshCookieName(ISSUER);

let nowMs = Date.now();
let state: SharedState;
let auth: TestAuth;
let client: SessionClient;
beforeAll(async () => {
  state = createMemoryState();
  auth = await startAuth({ identityProviders: ['dev', 'local'] }, { state, now: () => nowMs });
  client = sessionClient(auth.url, COOKIE);
});
afterAll(() => auth.close());
beforeEach(() => {
  // Rotation may be late, but a clock never runs back.
  nowMs += DAY_MS;
});

/** A fresh player, signed in. */
async function signIn() {
  const sub = randomUUID();
  const { body, refreshToken, status } = await client.loginAs(sub);
  expect(status).toBe(200);
  return { sub, access: body.access_token, refreshToken: refreshToken! };
}
const sessionIdOf = (access: string) => decodeJwt<{ sid: string }>(access).sid;
const sessionRef = (access: string) => `${decodeJwt(access).iss} ${sessionIdOf(access)}`;

describe('a session (S1)', () => {
  it('begins with an access token of 15 minutes and a refresh cookie of 30 days that no script reads', async () => {
    const sub = randomUUID();
    const { body, setCookie } = await client.loginAs(sub);
    expect(body).toMatchObject({ token_type: 'bearer', expires: 900, player: { sub, role: 'player' } });
    const claims = decodeJwt<{ type: string; sid: string; role: string }>(body.access_token);
    expect(claims).toMatchObject({ iss: ISSUER, aud: ISSUER, sub, type: 'access', role: 'player' });
    expect(claims.exp! - claims.iat!).toBe(900);
    for (const part of ['HttpOnly', 'Secure', 'SameSite=Strict', 'Path=/api/auth', 'Max-Age=2592000']) {
      expect(setCookie).toContain(part);
    }
    expect(setCookie).not.toContain('Domain');
    expect(JSON.stringify(body)).not.toContain(setCookie!.slice(COOKIE.length + 1, COOKIE.length + 44));
  });

  it('mints tokens that carry the session, and nothing of its role', async () => {
    const { access, sub } = await signIn();
    for (const type of ['read', 'write']) {
      const { status, body } = await client.mint(access, type);
      expect(status).toBe(200);
      const claims = decodeJwt((body as { token: string }).token);
      expect(claims).toMatchObject({ sub, sid: sessionIdOf(access), type: `sfu:${type}` });
      expect(claims).not.toHaveProperty('role');
    }
  });

  it('exchanges a refresh token for the next; the player stays the same', async () => {
    const begun = await signIn();
    let { refreshToken } = begun;
    for (let round = 0; round < 5; round += 1) {
      nowMs += 15 * 60_000;
      const next = await client.refresh(refreshToken);
      expect(next).toMatchObject({ status: 200, body: { player: { sub: begun.sub } } });
      expect(next.refreshToken).not.toBe(refreshToken);
      refreshToken = next.refreshToken!;
    }
  });

  it('ends 30 days after its last use, and not before', async () => {
    const { refreshToken } = await signIn();
    nowMs += 29 * DAY_MS;
    const next = await client.refresh(refreshToken);
    expect(next.status).toBe(200);
    nowMs += 30 * DAY_MS;
    expect(await client.refresh(next.refreshToken!)).toMatchObject({
      status: 401,
      body: { code: 'session_ended' },
    });
  });

  it.each([
    ['nothing', ''],
    ['one letter', 'x'],
    ['an unknown one', 'A'.repeat(43)],
    ['a space', 'a b'],
    ['quotes', '"'.repeat(43)],
    ['5,000 letters', 'A'.repeat(5000)],
  ])('answers %s for a refresh token with 401', async (_what, token) => {
    expect(await client.refresh(token)).toMatchObject({ status: 401, body: { code: 'session_ended' } });
  });

  it('is not begun by an access or read token of another', async () => {
    const { access } = await signIn();
    expect(await client.loginAs(access)).toMatchObject({ status: 403, body: { code: 'not_signed_in' } });
    const { body } = await client.mint(access);
    const read = (body as { token: string }).token;
    expect(await client.mint(read)).toMatchObject({ status: 401, body: { code: 'token_type' } });
  });

  it('keeps no refresh token in clear', async () => {
    const { refreshToken } = await signIn();
    const { refreshToken: next } = await client.refresh(refreshToken);
    const { sql } = await testDatabase();
    const rows = await sql.selectFrom('refresh_tokens').selectAll().execute();
    const stored = JSON.stringify(rows);
    expect(stored).not.toContain(refreshToken);
    expect(stored).not.toContain(next);
  });
});

describe('two instances on ports of one host', () => {
  it('keep their sessions apart in the one jar that browsers have for the host', async () => {
    const issuers = ['http://games.example.org:3100', 'http://games.example.org:3200'];
    const auths = await Promise.all(issuers.map((issuer) => startAuth({ issuer }, { now: () => nowMs })));
    const clients = auths.map(({ url }, index) => sessionClient(url, refreshCookieName(issuers[index]!)));
    const tokens: string[] = [];
    for (const each of clients) tokens.push((await each.loginAs(randomUUID())).refreshToken!);
    const jar = clients.map((each, index) => each.cookie(tokens[index]!).cookie).join('; ');
    for (const [index, each] of clients.entries()) {
      const { status, refreshToken } = await each.post('/api/auth/refresh', {}, { cookie: jar });
      expect([status, refreshToken === tokens[index]]).toEqual([200, false]);
      expect(refreshToken).toMatch(/./);
    }
    await Promise.all(auths.map((each) => each.close()));
  });
});

describe('rotation and reuse (S1)', () => {
  it('gives tabs that race the same successor, 200 times, and revokes nothing', async () => {
    let { refreshToken } = await signIn();
    for (let round = 0; round < 200; round += 1) {
      const [one, two] = await Promise.all([client.refresh(refreshToken), client.refresh(refreshToken)]);
      expect([one.status, two.status]).toEqual([200, 200]);
      expect(one.refreshToken).toBe(two.refreshToken);
      refreshToken = one.refreshToken!;
    }
  }, 60_000);

  it('answers a tab that is several exchanges behind with the newest token, within the tolerance', async () => {
    const { refreshToken } = await signIn();
    const second = (await client.refresh(refreshToken)).refreshToken!;
    const third = (await client.refresh(second)).refreshToken!;
    nowMs += RACE_TOLERANCE_MS - 1_000;
    expect((await client.refresh(refreshToken)).refreshToken).toBe(third);
    expect((await client.refresh(second)).refreshToken).toBe(third);
    expect((await client.refresh(third)).status).toBe(200);
  });

  it('is not lost with its answers, for as long as the client asks again: four times, for 10 s each', async () => {
    const { refreshToken } = await signIn();
    const { refreshToken: newest } = await client.refresh(refreshToken);
    for (let lost = 1; lost < 4; lost += 1) {
      // With the longest pause in between.
      nowMs += 10_000 + 4_000;
      expect(await client.refresh(refreshToken)).toMatchObject({ status: 200, refreshToken: newest });
    }
    expect((await client.refresh(newest!)).status).toBe(200);
  });

  it('takes no rotated token for hours because the clock was ahead when it was rotated', async () => {
    const { refreshToken } = await signIn();
    nowMs += 5 * 3_600_000;
    const { refreshToken: newest } = await client.refresh(refreshToken);
    nowMs -= 5 * 3_600_000;
    expect((await client.refresh(refreshToken)).status).toBe(401);
    expect((await client.refresh(newest!)).status).toBe(401);
  });

  it('ends the whole family when a rotated token comes back later: it was stolen', async () => {
    const { refreshToken: stolen, access } = await signIn();
    const { refreshToken: newest } = await client.refresh(stolen);
    nowMs += RACE_TOLERANCE_MS + 1;
    const reuse = await client.refresh(stolen);
    expect(reuse).toMatchObject({ status: 401, body: { code: 'session_ended' } });
    expect(reuse.refreshToken).toBeUndefined();
    expect((await client.refresh(newest!)).status).toBe(401);
    const page = await state.revocations.readAfter(undefined);
    expect(page.sessionRefs).toContain(sessionRef(access));
    expect(await client.mint(access)).toMatchObject({ status: 401, body: { code: 'token_revoked' } });
  });

  it('catches a thief who uses the token first as well, as soon as the player comes', async () => {
    const { refreshToken } = await signIn();
    const thief = await client.refresh(refreshToken);
    nowMs += RACE_TOLERANCE_MS + 1;
    expect((await client.refresh(refreshToken)).status).toBe(401);
    expect((await client.refresh(thief.refreshToken!)).status).toBe(401);
  });

  it('leaves other sessions of the player alone', async () => {
    const sub = randomUUID();
    const [one, two] = [await client.loginAs(sub), await client.loginAs(sub)];
    await client.refresh(one.refreshToken!);
    nowMs += RACE_TOLERANCE_MS + 1;
    expect((await client.refresh(one.refreshToken!)).status).toBe(401);
    expect((await client.refresh(two.refreshToken!)).status).toBe(200);
  });

  it('holds for any order of exchanges and pauses: one live token, or none after reuse', async () => {
    const step = fc.record({
      show: fc.nat(4),
      pauseMs: fc.constantFrom(...[0, 0.3, 0.9, 1.1].map((part) => part * RACE_TOLERANCE_MS)),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 8 }), async (steps) => {
        const held = [(await signIn()).refreshToken];
        const rotatedAtMs: (number | undefined)[] = [undefined];
        let alive = true;
        for (const { show, pauseMs } of steps) {
          nowMs += pauseMs;
          const index = Math.max(0, held.length - 1 - show);
          const { status, refreshToken } = await client.refresh(held[index]!);
          const late = (rotatedAtMs[index] ?? nowMs) + RACE_TOLERANCE_MS < nowMs;
          alive &&= !late;
          expect(status).toBe(alive ? 200 : 401);
          if (!alive) continue;
          if (rotatedAtMs[index] !== undefined) {
            expect(refreshToken).toBe(held.at(-1));
          } else {
            rotatedAtMs[index] = nowMs;
            held.push(refreshToken!);
            rotatedAtMs.push(undefined);
          }
        }
      }),
      { numRuns: 25 },
    );
  }, 60_000);
});

describe('ending sessions (S1, S5, P3.7)', () => {
  it('logs out of one: its tokens are refused at once, the cookie is taken away, others stay', async () => {
    const sub = randomUUID();
    const [one, two] = [await client.loginAs(sub), await client.loginAs(sub)];
    const answer = await client.logout(one.refreshToken!);
    expect(answer).toMatchObject({ status: 200, refreshToken: '' });
    expect(answer.setCookie).toContain('Max-Age=0');
    expect((await client.refresh(one.refreshToken!)).status).toBe(401);
    expect((await client.mint(two.body.access_token)).status).toBe(200);
    expect((await state.revocations.readAfter(undefined)).sessionRefs).toContain(
      sessionRef(one.body.access_token),
    );
  });

  it('logs out of all', async () => {
    const sub = randomUUID();
    const [one, two] = [await client.loginAs(sub), await client.loginAs(sub)];
    expect((await client.logout(one.refreshToken!, { all: true })).status).toBe(200);
    expect((await client.refresh(two.refreshToken!)).status).toBe(401);
  });

  it('takes a rotated token for logout too, but not one of a session that has ended', async () => {
    const sub = randomUUID();
    const [old, other] = [await client.loginAs(sub), await client.loginAs(sub)];
    await client.logout(old.refreshToken!);
    expect((await client.logout(old.refreshToken!, { all: true })).status).toBe(200);
    expect((await client.refresh(other.refreshToken!)).status).toBe(200);
  });

  it('lists the own sessions with device and last use, and ends one of them', async () => {
    const sub = randomUUID();
    const phone = await client.loginAs(sub, { 'user-agent': 'Phone\u00e9 1.0 (é)' });
    nowMs += 1_000;
    const desk = await client.loginAs(sub, { 'user-agent': 'Desk/2.0' });
    const { body } = await client.sessions(desk.body.access_token);
    expect(body.sessions).toMatchObject([
      { device: 'Desk/2.0', current: true, last_used_at: new Date(nowMs).toISOString() },
      { device: 'Phone 1.0 ()', current: false },
    ]);
    const revoke = (id: string) =>
      client.post('/api/auth/sessions/revoke', { id }, { authorization: `Bearer ${desk.body.access_token}` });
    const id = sessionIdOf(phone.body.access_token);
    expect((await revoke(id)).status).toBe(200);
    expect((await client.refresh(phone.refreshToken!)).status).toBe(401);
    expect(await revoke(id)).toMatchObject({ status: 404, body: { code: 'session_not_found' } });
  });

  it("does not end another player's session", async () => {
    const [ada, eve] = [await signIn(), await signIn()];
    const id = sessionIdOf(ada.access);
    const answer = await client.post(
      '/api/auth/sessions/revoke',
      { id },
      { authorization: `Bearer ${eve.access}` },
    );
    expect(answer).toMatchObject({ status: 404, body: { code: 'session_not_found' } });
    expect((await client.refresh(ada.refreshToken)).status).toBe(200);
  });

  it('keeps 20 sessions of a player; the longest unused one makes room', async () => {
    const sub = randomUUID();
    const first = await client.loginAs(sub);
    for (let count = 0; count < 20; count += 1) {
      nowMs += 1_000;
      await client.loginAs(sub);
    }
    expect((await client.refresh(first.refreshToken!)).status).toBe(401);
  });

  it('lets an administrator sign a player out everywhere', async () => {
    const { sub, refreshToken, access } = await signIn();
    const { body } = await request(auth.url)
      .post('/api/admin/players/sign-out')
      .set('authorization', `Bearer ${ADMIN_KEY}`)
      .send({ sub });
    expect(body).toEqual({ ended: 1 });
    expect((await client.refresh(refreshToken)).status).toBe(401);
    expect((await client.mint(access)).status).toBe(401);
  });

  it('tells nodes without Redis, page by page', async () => {
    const { refreshToken, access } = await signIn();
    const ask = (after?: string) =>
      request(auth.url)
        .get('/api/sfu/internal/revocations')
        .query(after === undefined ? {} : { after })
        .set('x-romm-sfu-secret', 'a-long-internal-secret-for-tests');
    const { cursor } = (await ask()).body as { cursor: string };
    await client.logout(refreshToken);
    const { body } = await ask(cursor);
    expect(body.session_refs).toEqual([sessionRef(access)]);
    expect((await ask(body.cursor as string)).body.session_refs).toEqual([]);
  });
});

describe('a request with cookies from a page elsewhere (CSRF)', () => {
  const FOREIGN = [
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: 'https://games.example.org.evil.example' },
    { origin: 'http://games.example.org' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    // A page that came over http, of a host that is reached over https.
    { origin: 'http://own.example', host: 'own.example', 'x-forwarded-proto': 'https' },
  ];
  it.each(FOREIGN)('is refused: %j', async (headers) => {
    const { refreshToken } = await signIn();
    expect(await client.refresh(refreshToken, headers)).toMatchObject({
      status: 403,
      body: { code: 'origin_refused' },
    });
    const answer = await client.post('/api/sfu/token', {}, { ...client.cookie(refreshToken), ...headers });
    expect(answer).toMatchObject({ status: 403, body: { code: 'origin_refused' } });
    expect((await client.refresh(refreshToken)).status).toBe(200);
  });

  const OWN = { origin: 'https://own.example', host: 'own.example' };
  it.each([{ origin: ISSUER }, { ...OWN, 'x-forwarded-proto': 'https' }, {}])(
    'passes from an own page: %j',
    async (headers) => {
      const { refreshToken } = await signIn();
      expect((await client.refresh(refreshToken, headers)).status).toBe(200);
    },
  );

  it('gets CORS headers for exactly the allowed origins, never a wildcard', async () => {
    const preflight = (origin: string) =>
      request(auth.url).options('/api/auth/refresh').set({ origin, 'access-control-request-method': 'POST' });
    expect((await preflight('https://evil.example')).headers['access-control-allow-origin']).toBeUndefined();
    const other = await startAuth({ allowedOrigins: ['https://romm.example'] });
    const { headers } = await request(other.url)
      .options('/api/auth/refresh')
      .set({ origin: 'https://romm.example', 'access-control-request-method': 'POST' });
    expect(headers).toMatchObject({
      'access-control-allow-origin': 'https://romm.example',
      'access-control-allow-credentials': 'true',
      vary: expect.stringContaining('Origin'),
    });
    await other.close();
  });
});
