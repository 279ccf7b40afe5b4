import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { createMemoryAttemptLimiter } from '@romm-netplay/shared-state';
import { eventually } from '@romm-netplay/testing';
import { decodeJwt } from 'jose';
import request from 'supertest';
import { type Database, openDatabase } from '../src/adapters/sql/database.js';
import { createSqlConsentStore } from '../src/adapters/sql/sql-consent-store.js';
import { createSqlEndedVisitStore } from '../src/adapters/sql/sql-ended-visit-store.js';
import { ENDED_GUESTS_RULE, endGuests } from '../src/federation/visits/end-guests.js';
import { waitMs } from '../src/federation/visits/tell-host.js';
import { ADMIN_KEY } from './support/auth.js';
import {
  change,
  consent,
  forget,
  type Instance,
  mint,
  minted,
  revocations,
  startWorld,
  trust,
  verify,
  visitable,
  withdraw,
  type World,
} from './support/federation.js';
import { sessionClient } from './support/session-client.js';

let world: World;
let home: Instance;
let host: Instance;
let third: Instance;
let database: Database;
beforeAll(async () => {
  world = await startWorld();
  [home, host, third] = await Promise.all([
    world.start({ identityProviders: ['dev', 'local'], firstAdmin: undefined }),
    world.start(),
    world.start(),
  ]);
  for (const at of [home, third]) {
    await trust(at, host);
    await trust(host, at);
  }
  database = await openDatabase({ url: home.databaseUrl, dataDir: '', onError: () => undefined });
});
afterAll(async () => {
  await database.close();
  await world.closeAll();
});

/** Somebody who agreed, and the grant of the token that the host has seen. */
async function visitor(at: Instance = home, bearer: string = randomUUID()) {
  await consent(at, host.issuer, bearer).expect(200);
  const token = await minted(at, 'read', host.issuer, bearer);
  const { sid } = decodeJwt<{ sid: string }>(token);
  await verify(host, token).expect(200);
  return { bearer, token, sid, ref: `${at.issuer} ${sid}` };
}
const isTold = async (ref: string) => (await revocations(host)).includes(ref);
const codeOf = ({ status, body }: { status: number; body: { code?: string } }) => [status, body.code];
const admin = (path: string, body: object) =>
  request(home.url).post(`/api/admin${path}`).set('authorization', `Bearer ${ADMIN_KEY}`).send(body);

describe('agreeing to be known elsewhere (P3.8)', () => {
  it('shows what an instance learns and what was agreed to, of active instances only', async () => {
    const bearer = randomUUID();
    const other = await world.stranger();
    await trust(home, other, { subject: 'plain', label: 'Other' });
    const shown = async () => (await visitable(home, bearer)).find(({ issuer }) => issuer === other.issuer);
    const before = { issuer: other.issuer, label: 'Other', shares: 'plain', may_visit: true, consent: null };
    expect(await shown()).toEqual(before);
    const { body } = await consent(home, `${other.issuer}/`, bearer).expect(200);
    const given = { version: 1, given_at: new Date(body.consent.given_at as string).toISOString() };
    expect(body).toEqual({ ...before, consent: given });
    expect(await shown()).toEqual(body);
    expect((await consent(home, other.issuer, bearer).expect(200)).body).toEqual(body);
    expect((await visitable(home)).find(({ issuer }) => issuer === other.issuer)?.consent).toBeNull();
    await change(home, other.issuer, { state: 'suspended' });
    expect(await shown()).toBeUndefined();
    expect(codeOf(await consent(home, other.issuer, bearer))).toEqual([404, 'instance_not_found']);
    await withdraw(home, other.issuer, bearer).expect(200);
    await change(home, other.issuer, { state: 'active' });
    expect(await shown()).toEqual(before);
  });

  it('is one consent, whoever of many is first', async () => {
    const bearer = randomUUID();
    const replica = await home.replica();
    const before = audited('consent.given').length;
    const racers = Array.from({ length: 20 }, (_, index) =>
      consent(index % 2 === 0 ? home : replica, host.issuer, bearer).expect(200),
    );
    const given = new Set((await Promise.all(racers)).map(({ body }) => JSON.stringify(body)));
    expect(given.size).toBe(1);
    expect(audited('consent.given').length - before).toBe(1);
  });

  const audited = (event: string) =>
    home.lines
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter(({ audit }) => audit === event);

  it('leaves a line of who agreed to whom, and of who took it back (P3.1)', async () => {
    const { bearer } = await visitor();
    await withdraw(home, host.issuer, bearer).expect(200);
    for (const event of ['consent.given', 'consent.withdrawn']) {
      const about = audited(event).filter(({ sub }) => sub === bearer);
      expect(about).toMatchObject([{ audience: host.issuer }]);
    }
  });

  it('is not given and taken back without end: the host listens to so many withdrawals only', async () => {
    const bearer = randomUUID();
    const other = await world.stranger();
    await trust(home, other);
    for (let round = 0; round < 30; round += 1) {
      await consent(home, other.issuer, bearer).expect(200);
      await withdraw(home, other.issuer, bearer).expect(200);
    }
    const refused = await consent(home, other.issuer, bearer);
    expect(codeOf(refused)).toEqual([429, 'too_many_consents']);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    // Of one player and one instance.
    await consent(home, host.issuer, bearer).expect(200);
    await consent(home, other.issuer, randomUUID()).expect(200);
    // Asking again for what is agreed to counts as nothing.
    for (let round = 0; round < 31; round += 1) await consent(home, host.issuer, bearer).expect(200);
  });

  it.each([
    ['an instance nobody knows', 'https://d.example.org', 404],
    ['no URL', 'host', 404],
    ['nothing', '', 400],
  ])('refuses %s', async (_what, audience, status) => {
    expect((await consent(home, audience)).status).toBe(status);
    expect((await withdraw(home, audience)).status).toBe(status);
  });

  it('refuses whoever is not signed in, and a cookie of a page from elsewhere', async () => {
    for (const call of [consent, withdraw]) {
      expect(codeOf(await call(home, host.issuer, 'nobody'))).toEqual([403, 'not_signed_in']);
    }
    for (const path of ['/consents', '/consents/withdraw']) {
      const answer = await request(home.url)
        .post(`/api/federation${path}`)
        .set({ cookie: 'romm_session=x', origin: 'https://evil.example.org' })
        .send({ audience: host.issuer });
      expect(codeOf(answer)).toEqual([403, 'origin_refused']);
    }
  });
});

describe('what ends at the host when something ends at home (P3.7, P3.8)', () => {
  it('withdrawing: no more tokens, and the host ends those it has seen', async () => {
    const { bearer, token, ref } = await visitor();
    await withdraw(home, host.issuer, bearer).expect(200);
    expect(codeOf(await mint(home, 'read', host.issuer, bearer))).toEqual([403, 'consent_required']);
    await eventually(() => isTold(ref), 3_000);
    await eventually(async () => (await verify(host, token)).status === 401, 3_000);
    expect(codeOf(await verify(host, token))).toEqual([401, 'token_revoked']);
    expect(codeOf(await withdraw(home, host.issuer, bearer))).toEqual([404, 'consent_not_found']);
    // Agreed to anew, everything is as before.
    await consent(home, host.issuer, bearer).expect(200);
    await verify(host, await minted(home, 'read', host.issuer, bearer)).expect(200);
  });

  const endings: [string, (of: { bearer: string; cookie: string }) => Promise<unknown>][] = [
    ['logout everywhere', ({ cookie }) => sessionClient(home.url).logout(cookie, { all: true })],
    ['sign-out by an administrator', ({ bearer }) => admin('/players/sign-out', { sub: bearer }).expect(200)],
  ];
  it.each(endings)('%s: what was minted ends, consent stays', async (_what, end) => {
    const player = randomUUID();
    const { refreshToken, body } = await sessionClient(home.url).loginAs(player);
    const { ref, sid, token } = await visitor(home, body.access_token);
    await end({ bearer: player, cookie: refreshToken! });
    await eventually(() => isTold(ref), 3_000);
    expect(codeOf(await verify(host, token))).toEqual([401, 'token_revoked']);
    expect((await mint(home, 'read', host.issuer, body.access_token)).status).toBe(401);
    const again = await minted(home, 'read', host.issuer, player);
    expect(decodeJwt<{ sid: string }>(again).sid).not.toBe(sid);
    await verify(host, again).expect(200);
  });

  it('disabling an account', async () => {
    await admin('/users/create', { username: 'root', role: 'admin' }).expect(200);
    const username = `ada-${randomUUID().slice(0, 8)}`;
    const { body: created } = await admin('/users/create', { username }).expect(200);
    const { body } = await sessionClient(home.url).login(username, created.password as string);
    const { ref } = await visitor(home, body.access_token);
    await admin('/users/update', { username, enabled: false }).expect(200);
    await eventually(() => isTold(ref), 3_000);
    expect((await mint(home, 'read', host.issuer, body.access_token)).status).toBe(401);
  });

  it('leaves visits alone when one of several sessions ends, or somebody else does', async () => {
    const player = randomUUID();
    const { refreshToken } = await sessionClient(home.url).loginAs(player);
    const staying = await visitor(home, player);
    const leaving = await visitor();
    await sessionClient(home.url).logout(refreshToken!);
    await withdraw(home, host.issuer, leaving.bearer).expect(200);
    await eventually(() => isTold(leaving.ref));
    expect(await isTold(staying.ref)).toBe(false);
    await verify(host, staying.token).expect(200);
  });
});

describe('telling the host, whatever dies', () => {
  it('tells what a replica ended that was killed before it could tell', async () => {
    const { bearer, ref } = await visitor();
    await consents().withdraw({ sub: bearer, audience: host.issuer }, world.now());
    await eventually(() => isTold(ref), 3_000);
  });

  it('tells what a replica had taken that was killed while it told', async () => {
    const { bearer, ref } = await visitor();
    await consents().withdraw({ sub: bearer, audience: host.issuer }, world.now() + 60_000);
    const nowMs = world.now() + 60_000;
    await outbox().take(host.issuer, { nowMs, nextTryAtMs: nowMs + 5_000, limit: 100 });
    world.letPass(64_000);
    expect(await isTold(ref)).toBe(false);
    world.letPass(2_000);
    await eventually(() => isTold(ref), 3_000);
  });

  it('tells what was put off by a clock that was hours ahead', async () => {
    const { bearer, ref } = await visitor();
    await consents().withdraw({ sub: bearer, audience: host.issuer }, world.now() + 5 * 3_600_000);
    const nowMs = world.now() + 5 * 3_600_000;
    await outbox().take(host.issuer, { nowMs, nextTryAtMs: nowMs + 600_000, limit: 100 });
    await eventually(() => isTold(ref));
  });

  it('tells a host that was away, when it is back', async () => {
    const calls: string[] = [];
    let isUp = false;
    const away = await world.stranger((message, response) => {
      response.statusCode = isUp ? 200 : 503;
      if (message.method !== 'POST') return void response.end('{}');
      void readCall(message).then((call) => {
        calls.push(...call.session_ids);
        response.end('{"ok":true}');
      });
    });
    await trust(home, away);
    const bearers = [randomUUID(), randomUUID()];
    for (const bearer of bearers) {
      await consent(home, away.issuer, bearer).expect(200);
      await withdraw(home, away.issuer, bearer).expect(200);
    }
    await eventually(() => new Set(calls).size === 2);
    isUp = true;
    world.letPass(60_000);
    await eventually(async () => !(await isWaiting(away.issuer)));
    expect(new Set(calls).size).toBe(2);
    const untold = home.lines.filter((line) => line.includes('ended visits not told'));
    expect(untold.some((line) => line.includes(away.issuer) && line.includes('503'))).toBe(true);
  });

  it('makes nobody wait for a host that does not answer', async () => {
    const silent = await Promise.all([1, 2, 3].map(() => world.stranger(() => undefined)));
    for (const each of silent) await trust(home, each);
    const { bearer, ref } = await visitor();
    for (const { issuer } of silent) {
      await consent(home, issuer, bearer).expect(200);
      await withdraw(home, issuer, bearer).expect(200);
    }
    await withdraw(home, host.issuer, bearer).expect(200);
    await eventually(() => isTold(ref), 3_000);
    for (const { issuer } of silent) await forget(home, issuer);
  });

  it('waits longer from try to try, not all instances in step, and never for hours', () => {
    const shortest = [0, 1, 2, 3, 20].map((tries) => waitMs(tries, () => 0));
    expect(shortest).toEqual([5_000, 10_000, 20_000, 40_000, 600_000]);
    expect(waitMs(1, () => 0.5)).toBe(12_500);
    expect(waitMs(20, () => 1)).toBe(900_000);
  });
});

const consents = () => createSqlConsentStore(database.sql);
const outbox = () => createSqlEndedVisitStore(database.sql);
const isWaiting = async (audience: string) =>
  (await outbox().listDue(Number.MAX_SAFE_INTEGER)).some((each) => each.audience === audience);

const readCall = async (message: IncomingMessage) =>
  JSON.parse(await text(message)) as { session_ids: string[] };

describe('ending guests, as the host sees it', () => {
  const end = async (by: { issueAssertion(audience: string): Promise<string> }, sessionIds: unknown) =>
    request(host.url)
      .post('/api/federation/revocations')
      .set('authorization', `Bearer ${await by.issueAssertion(host.issuer)}`)
      .send({ session_ids: sessionIds });

  let peer: Awaited<ReturnType<World['stranger']>>;
  beforeAll(async () => {
    peer = await world.stranger();
    await trust(host, peer);
  });

  it("ends sessions of the caller's own players and of nobody else's (S6)", async () => {
    const guest = await visitor();
    const other = await visitor(third);
    const { body } = await sessionClient(host.url).loginAs(randomUUID());
    const { sid: ownSid } = decodeJwt<{ sid: string }>(body.access_token);
    const { body: ok } = (await end(peer.tokens, [guest.sid, other.sid, ownSid])) as { body: unknown };
    expect(ok).toEqual({ ok: true });
    const log = await revocations(host);
    for (const sid of [guest.sid, other.sid, ownSid]) {
      expect(log).toContain(`${peer.issuer} ${sid}`);
      for (const { issuer } of [host, home, third]) expect(log).not.toContain(`${issuer} ${sid}`);
    }
    await verify(host, guest.token).expect(200);
    await verify(host, other.token).expect(200);
    await sessionClient(host.url).sessions(body.access_token).expect(200);
  });

  const ids = (count: number) => Array.from({ length: count }, () => 'x');
  it.each<[string, unknown]>([
    ['an id with a space, which could name a session of another issuer', ['x y']],
    ['an id with a line end', ['x\n']],
    ['an id beyond ASCII', ['ü']],
    ['an empty id', ['']],
    ['a long id', ['x'.repeat(65)]],
    ['no ids', []],
    ['too many ids', ids(101)],
    ['no list', 'x'],
    ['a number', [7]],
  ])('refuses %s', async (_what, sessionIds) => {
    expect((await end(peer.tokens, sessionIds)).status).toBe(400);
  });

  it('takes as many ids as a call may name', async () => {
    expect((await end(peer.tokens, ids(100))).status).toBe(200);
  });

  it('refuses whoever is not registered, or is suspended, and a word said twice', async () => {
    const nobody = await world.stranger();
    expect(codeOf(await end(nobody.tokens, ['x']))).toEqual([403, 'peer_not_active']);
    const assertion = await peer.tokens.issueAssertion(host.issuer);
    const same = { issueAssertion: () => Promise.resolve(assertion) };
    expect((await end(same, ['x'])).status).toBe(200);
    expect(codeOf(await end(same, ['y']))).toEqual([401, 'assertion_used']);
    await change(host, peer.issuer, { state: 'suspended' });
    expect(codeOf(await end(peer.tokens, ['x']))).toEqual([403, 'peer_not_active']);
    await change(host, peer.issuer, { state: 'active' });
  });

  it('lets nobody fill the memory of every process', async () => {
    const refs: string[] = [];
    const deps = {
      revocationLog: { append: (added: readonly string[]) => Promise.resolve(void refs.push(...added)) },
      revocations: { refresh: () => Promise.resolve() },
      endedGuests: createMemoryAttemptLimiter(ENDED_GUESTS_RULE),
    };
    const sessionIds = ids(100);
    for (let call = 0; call < 200; call += 1) await endGuests(deps, { issuer: peer.issuer, sessionIds });
    await expect(endGuests(deps, { issuer: peer.issuer, sessionIds: ['y'] })).rejects.toMatchObject({
      code: 'too_many_ended',
      retryAfterSeconds: expect.any(Number),
    });
    await endGuests(deps, { issuer: host.issuer, sessionIds: ['y'] });
    expect(refs).toHaveLength(20_001);
  });
});

describe('the registered issuers, for nodes without Redis', () => {
  const SECRET_HEADER = 'x-romm-sfu-secret';
  const list = (query = '', secret = 'a-long-internal-secret-for-tests') =>
    request(host.url).get(`/api/sfu/internal/issuers${query}`).set(SECRET_HEADER, secret);

  it('are listed with their version, and not again while it is known', async () => {
    const { body } = await list().expect(200);
    const issuers = (body.issuers as { issuer: string }[]).map(({ issuer }) => issuer);
    expect(issuers).toEqual(expect.arrayContaining([home.issuer, third.issuer]));
    expect((await list(`?version=${body.version as number}`)).body).toEqual({ version: body.version });
    expect((await list('?version=0')).body.issuers).toHaveLength(issuers.length);
    await change(host, third.issuer, { label: 'Third' });
    const { body: next } = await list(`?version=${body.version as number}`);
    expect(next.version).not.toBe(body.version);
    expect(next.issuers).toContainEqual(expect.objectContaining({ issuer: third.issuer, label: 'Third' }));
  });

  it('are for nodes only', async () => {
    expect(codeOf(await list('', 'wrong'))).toEqual([401, 'internal_secret_wrong']);
    expect((await list('?version=x')).status).toBe(400);
  });
});

// The clock goes further than what Redis remembers: nothing that needs it may come after this.
it('calls nobody who is not registered any more, and gives up after a day', async () => {
  let calls = 0;
  const gone = await world.stranger((message, response) => {
    if (message.method === 'POST') calls += 1;
    response.end('{}');
  });
  await trust(home, gone);
  const bearer = randomUUID();
  await consent(home, gone.issuer, bearer).expect(200);
  await forget(home, gone.issuer);
  // Until the process has heard of it, it would still call.
  await eventually(async () => (await consent(home, gone.issuer, randomUUID())).status === 404);
  await withdraw(home, gone.issuer, bearer).expect(200);
  const { ref, bearer: other } = await visitor();
  await withdraw(home, host.issuer, other).expect(200);
  await eventually(() => isTold(ref));
  expect(await outbox().listDue(world.now())).toContainEqual({ audience: gone.issuer, tries: 0 });
  world.letPass(24 * 3_600_000 + 3_000);
  await eventually(async () => !(await isWaiting(gone.issuer)));
  expect(calls).toBe(0);
  const givenUp = home.lines.filter((line) => line.includes('given up'));
  expect(givenUp.some((line) => line.includes(gone.issuer))).toBe(true);
});

it('writes no token and no assertion into any log', () => {
  const written = [home, host, third].flatMap(({ lines }) => lines).join('');
  expect(written).toContain('consent.withdrawn');
  expect(written).not.toMatch(/eyJ[\w-]+\./);
});
