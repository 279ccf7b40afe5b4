import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  createDisposers,
  ROMM_FORK,
  ROMM_RELEASES,
  type RommMode,
  type RommServer,
  startRommServer,
} from '@romm-netplay/testing';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { chainOf, rommProvider, withBearer, withSession } from './support/romm.js';

const disposers = createDisposers();
let romm: RommServer;
afterEach(() => disposers.closeAll());
afterEach(() => disposers.closeAll());

const open = (options: { timeoutMs?: number; baseUrl?: string } = {}) =>
  rommProvider({ baseUrl: romm.url, ...options });

/** A compact JWT of some issuer; nobody has signed it. */
const jwtOf = (iss: string) =>
  [{ alg: 'RS256' }, { iss, sub: 'x' }, {}]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');

describe.each(ROMM_RELEASES)('users of RomM $name by the credentials RomM gave them (S4, N1)', (release) => {
  beforeEach(async () => {
    romm = disposers.use(await startRommServer(release));
  });
  const has = (member: string) => Object.hasOwn(release.members, member);

  it('knows a user by session cookie, OAuth bearer and client token', async () => {
    const { id } = romm.putUser({ id: 7, username: 'ada' });
    const ada = { sub: 'ada', netplayUsername: 'ada', role: 'player', externalId: '7' };
    const { provider } = open();
    expect(provider.name).toBe('romm');
    const token = romm.issueClientToken(id);
    expect(token).toMatch(/^rmm_[0-9a-f]{64}$/);
    for (const credentials of [
      withSession(romm.openSession(id)),
      withBearer(romm.issueBearer(id)),
      withBearer(token),
    ]) {
      expect(await provider.identify(credentials)).toEqual(ada);
    }
    expect(romm.requests.map(({ method, path }) => `${method} ${path}`)).toEqual(
      Array(3).fill('GET /api/users/me'),
    );
  });

  it('sends RomM the one credential and nothing else of the caller', async () => {
    const { id } = romm.putUser({ username: 'ada' });
    const { provider } = open();
    const session = romm.openSession(id);
    const mixed = {
      cookie: `a=1; romm_csrftoken=secret2; romm_session=${session}; romm_sfu_token=secret3; refresh=secret4`,
      'x-forwarded-for': '10.1.2.3',
      'x-romm-sfu-secret': 'secret5',
    };
    expect(await provider.identify(mixed)).toMatchObject({ sub: 'ada' });
    const bearer = romm.issueBearer(id);
    await provider.identify({ ...mixed, authorization: `bearer  ${bearer}` });
    const [bySession, byBearer] = romm.requests.map(({ headers }) => headers);
    expect(bySession).toMatchObject({ cookie: `romm_session=${session}`, accept: 'application/json' });
    expect(bySession).not.toHaveProperty('authorization');
    expect(byBearer).toMatchObject({ authorization: `Bearer ${bearer}` });
    expect(byBearer).not.toHaveProperty('cookie');
    for (const headers of [bySession, byBearer]) {
      expect(JSON.stringify(headers)).not.toMatch(/secret\d|10\.1\.2\.3/);
      expect(Object.keys(headers ?? {}).filter((name) => name.startsWith('x-'))).toEqual([]);
    }
  });

  it('takes the cookie when Authorization is that of a proxy in front (Basic)', async () => {
    const { id } = romm.putUser({ username: 'ada' });
    const { provider } = open();
    const credentials = { authorization: 'Basic YWRhOnB3', ...withSession(romm.openSession(id)) };
    expect(await provider.identify(credentials)).toMatchObject({ sub: 'ada' });
    expect(romm.requests[0]?.headers).not.toHaveProperty('authorization');
  });

  it.each<[string, { authorization?: string; cookie?: string }]>([
    ['nothing', {}],
    ['empty headers', { authorization: '', cookie: '' }],
    ['other cookies', { cookie: 'session=a; xromm_session=b' }],
    ['an empty cookie', { cookie: 'romm_session=' }],
    ['a cookie with a line end', { cookie: 'romm_session=a\r\nx: y' }],
    ['a cookie with a space', { cookie: 'romm_session=a b' }],
    ['a cookie of more than 4096 characters', { cookie: `romm_session=${'a'.repeat(4097)}` }],
    ['Basic', { authorization: 'Basic YWRhOnB3' }],
    ['a bearer without a token', { authorization: 'Bearer ' }],
    ['a bearer of two words, which RomM answers with 500', { authorization: 'Bearer a b' }],
    ['a bearer with a line end', { authorization: 'Bearer a\r\nx: y' }],
    ['a bearer outside of ASCII', { authorization: 'Bearer ä' }],
    ['a bearer of more than 4096 characters', { authorization: `Bearer ${'a'.repeat(4097)}` }],
    [
      "another issuer's token, such as our own",
      { authorization: `Bearer ${jwtOf('https://netplay.example')}` },
    ],
    ['an unfit bearer beside a cookie', { authorization: 'Bearer ä', cookie: 'romm_session=a' }],
  ])('does not ask RomM about %s', async (_what, credentials) => {
    expect(await open().provider.identify(credentials)).toBeUndefined();
    expect(romm.requests).toHaveLength(0);
  });

  it('takes its refusal for: not signed in', async () => {
    const { provider, errors } = open();
    expect(await provider.identify(withSession('expired'))).toBeUndefined();
    expect(await provider.identify(withBearer(`rmm_${'0'.repeat(64)}`))).toBeUndefined();
    expect(romm.requests).toHaveLength(2);
    expect(errors).toEqual([]);
  });

  it('takes null for: not signed in', async () => {
    romm.behave({ mode: 'null' });
    expect(await open().provider.identify(withSession('any'))).toBeUndefined();
  });

  it("signs nobody in as RomM's kiosk visitor, whom it answers to any credential", async () => {
    romm.behave({ kiosk: true });
    await expect(open().provider.identify(withSession('any'))).rejects.toMatchObject({
      code: 'kiosk_visitor',
    });
    expect(romm.requests).toHaveLength(1);
  });

  it('refuses a disabled user, however RomM says so', async () => {
    const { id } = romm.putUser({ username: 'ada', enabled: false });
    const { provider } = open();
    expect(await provider.identify(withSession(romm.openSession(id)))).toBeUndefined();
    romm.behave({ disabledUsers: 'shown' });
    const shown = withSession(romm.openSession(id));
    for (const _ of [1, 2]) {
      await expect(provider.identify(shown)).rejects.toMatchObject({ code: 'account_disabled' });
    }
    expect(romm.requests).toHaveLength(2);
  });

  it.each([
    ['admin', 'admin'],
    ['editor', 'player'],
    ['viewer', 'player'],
    ['user', 'player'],
    ['ADMIN', 'player'],
    ['owner', 'player'],
  ])('makes the role %s a %s', async (role, ours) => {
    const { id } = romm.putUser({ username: 'ada', role });
    expect(await open().provider.identify(withSession(romm.openSession(id)))).toMatchObject({ role: ours });
  });

  it.each<[string, Parameters<RommServer['putUser']>[0], object | undefined]>([
    ['username', { username: 'ada' }, { sub: 'ada', netplayUsername: 'ada' }],
    [
      'username, under the name of the settings where the release has them',
      { username: 'ada', ui_settings: { settings: { netplayUsername: 'Ada L.' } } },
      { sub: 'ada', netplayUsername: has('ui_settings') ? 'Ada L.' : 'ada' },
    ],
    ['username, settings being nonsense', { username: 'ada', ui_settings: [[], 1] }, { sub: 'ada' }],
    ['255 characters', { username: 'a'.repeat(255) }, { sub: 'a'.repeat(255) }],
    ['nobody: too long', { username: 'a'.repeat(256) }, undefined],
    ['nobody: reserved for accounts here', { username: 'local:ada' }, undefined],
    ['nobody: control characters', { username: 'a\u0000b' }, undefined],
  ])('names the player by: %s (S4, S6)', async (_what, user, expected) => {
    await expectNamed(user, expected);
  });

  it('needs only id, username and enabled; names what is missing of them', async () => {
    const session = withSession(romm.openSession(romm.putUser({ username: 'ada' }).id));
    romm.behave({ without: [...Object.keys(release.members), 'role'] });
    expect(await open().provider.identify(session)).toMatchObject({ sub: 'ada', role: 'player' });
    romm.behave({ without: ['username', 'enabled'] });
    const { provider, errors } = open();
    expect(provider.trouble?.()).toBeUndefined();
    await expect(provider.identify(session)).rejects.toMatchObject({ code: 'identity_unavailable' });
    expect(chainOf(errors[0])).toContain("RomM's answer is no user: it lacks username, enabled.");
    expect(provider.trouble?.()).toMatch(/^Nobody of RomM can sign in: .*it lacks username, enabled/);
    romm.behave({ without: [] });
    const other = withSession(romm.openSession(romm.putUser({ username: 'bob' }).id));
    expect(await provider.identify(other)).toMatchObject({ sub: 'bob' });
    expect(provider.trouble?.()).toBeUndefined();
  });

  it('takes a base URL that ends with a slash or holds a path', async () => {
    const { id } = romm.putUser({ username: 'ada' });
    const session = withSession(romm.openSession(id));
    expect(await open({ baseUrl: `${romm.url}//` }).provider.identify(session)).toMatchObject({ sub: 'ada' });
    await expect(open({ baseUrl: `${romm.url}/romm` }).provider.identify(session)).rejects.toMatchObject({
      cause: expect.objectContaining({ message: expect.stringContaining('404') }),
    });
  });

  it('renews a session only for the same player, signed in at RomM still (S1)', async () => {
    const [ada, bob] = [romm.putUser({ username: 'ada' }), romm.putUser({ username: 'bob' })];
    const { provider } = open();
    expect(await provider.renew('ada', withSession(romm.openSession(ada.id)))).toMatchObject({ sub: 'ada' });
    expect(await provider.renew('ada', withSession(romm.openSession(bob.id)))).toBeUndefined();
    expect(await provider.renew('ada', withSession('expired'))).toBeUndefined();
    expect(await provider.renew('ada', {})).toBeUndefined();
  });
});

/** For what answers at once, on a busy machine. */
const PATIENT_MS = 10_000;

describe.each(ROMM_RELEASES)('RomM $name, or what answers in its place, failing (S4)', (release) => {
  beforeEach(async () => {
    romm = disposers.use(await startRommServer(release));
  });

  it.each<[RommMode, RegExp]>([
    ['html', /answered 200 with text\/html instead of JSON.*ROMM_BASE_URL/],
    ['login-page', /answered 403 with text\/html/],
    ['error', /answered 500/],
    ['bad-gateway', /answered 502/],
    ['busy', /answered 429/],
    ['not-found', /answered 404/],
    ['redirect', /answered 302.*final address/],
    ['malformed', /not JSON/],
    ['misfit', /no user: id, username, enabled are not what RomM says/],
    ['huge', /cannot be read to its end/],
    ['stalled-head', /does not answer/],
    ['stalled-body', /cannot be read to its end/],
    ['hang-up', /does not answer/],
  ])('says what is wrong, within the time limit, and nothing secret: %s', async (mode, message) => {
    const { id } = romm.putUser({ username: 'ada' });
    const { provider, errors } = open({ timeoutMs: mode.startsWith('stalled') ? 300 : PATIENT_MS });
    romm.behave({ mode });
    const secrets = [romm.openSession(id), romm.issueBearer(id), romm.issueClientToken(id)];
    const [session, bearer, token] = secrets as [string, string, string];
    for (const credentials of [withSession(session), withBearer(bearer), withBearer(token)]) {
      const startedAt = performance.now();
      const error: unknown = await provider.identify(credentials).catch((caught: unknown) => caught);
      expect(performance.now() - startedAt).toBeLessThan(2 * PATIENT_MS);
      expect(error).toMatchObject({
        code: 'identity_unavailable',
        cause: { message: expect.stringMatching(message) },
      });
      for (const secret of [...secrets, '@example.org', 'Welcome', 'kiosk']) {
        expect(chainOf(error)).not.toContain(secret);
      }
    }
    expect(errors).toHaveLength(1);
    expect(secrets.some((secret) => chainOf(errors[0]).includes(secret))).toBe(false);
  });

  it('follows no redirect to another host', async () => {
    let visits = 0;
    const elsewhere = createServer((_request, response) => {
      visits += 1;
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ id: 1, username: 'mallory', enabled: true, role: 'admin' }));
    });
    await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
    disposers.defer(() => elsewhere.close());
    const { port } = elsewhere.address() as AddressInfo;
    romm.behave({ mode: 'redirect', redirectTo: `http://127.0.0.1:${port}/api/users/me` });
    await expect(open().provider.identify(withSession('any'))).rejects.toMatchObject({
      code: 'identity_unavailable',
    });
    expect(visits).toBe(0);
  });

  it('reads the answer of a player with thousands of achievements', async () => {
    const { id } = romm.putUser({ username: 'ada', ui_settings: { padding: 'x'.repeat(1_000_000) } });
    expect(await open().provider.identify(withSession(romm.openSession(id)))).toMatchObject({ sub: 'ada' });
  });
});

describe('users of the fork, who may choose a netplay id (S4, S6)', () => {
  beforeEach(async () => {
    romm = disposers.use(await startRommServer(ROMM_FORK));
  });

  it.each<[string, Parameters<RommServer['putUser']>[0], object | undefined]>([
    ['netplayid', { username: 'ada', netplayid: 'Ace' }, { sub: 'Ace', netplayUsername: 'Ace' }],
    ['username when netplayid is blank', { username: 'ada', netplayid: ' ' }, { sub: 'ada' }],
    ['nobody: reserved, by netplayid', { username: 'ada', netplayid: 'local:ada' }, undefined],
    ['nobody: control characters', { username: 'ada', netplayid: 'a\u0000b' }, undefined],
  ])('named by: %s', async (_what, user, expected) => {
    await expectNamed(user, expected);
  });
});

async function expectNamed(user: Parameters<RommServer['putUser']>[0], expected: object | undefined) {
  const { id } = romm.putUser(user);
  const { provider, warnings } = open();
  const identity = await provider.identify(withSession(romm.openSession(id)));
  if (expected === undefined) expect(identity).toBeUndefined();
  else expect(identity).toMatchObject(expected);
  expect(warnings.map((warning) => /^RomM user (\S+) cannot play/.exec(warning)?.[1])).toEqual(
    expected === undefined ? [String(id)] : [],
  );
}
