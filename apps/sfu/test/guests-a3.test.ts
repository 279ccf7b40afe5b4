/** Guests on a node without Redis (A3): issuers and first uses through auth (P2.4, P2.6). */
import { afterEach, describe, expect, it } from '@jest/globals';
import { DEFAULT_QUOTAS } from '@romm-netplay/protocol';
import { AUTH_API } from '@romm-netplay/protocol/auth-api';
import { CLOSE_CODES } from '@romm-netplay/protocol/wire';
import { createMemoryState, StateUnavailableError } from '@romm-netplay/shared-state';
import { createDisposers, eventually } from '@romm-netplay/testing';
import { createAuthApiClient } from '../src/adapters/auth-api-client.js';
import { createHttpIssuerFeed } from '../src/adapters/http-issuer-feed.js';
import { register, startHome, type Terms } from './support/home-instance.js';
import { type InternalAuth, startInternalAuth } from './support/internal-auth.js';
import { codeOf, ISSUER, startNode, type TestPlayer } from './support/node.js';

const disposers = createDisposers();
afterEach(() => disposers.closeAll());

const GUS = { sub: 'gus', netplayUsername: 'Gus' };

async function startA3(terms: Terms = {}) {
  const theirs = disposers.use(await startHome());
  // What remembers for long enough to be sure of any token.
  const { firstUses } = createMemoryState({ now: () => Date.now() - 60_000 });
  const state = { ...createMemoryState(), firstUses };
  await register(state, theirs, terms);
  const auth = disposers.use(await startInternalAuth(state));
  const config = { redisUrl: undefined, internalSecret: auth.secret, authBaseUrl: auth.url };
  const start = async (nodeId: string) =>
    disposers.use(await startNode({ ...config, nodeId }, { state: undefined as never }));
  return { theirs, state, auth, start };
}

const openWith = ({ socket }: TestPlayer, token: string, roomName: string) =>
  codeOf(socket.request('open-room', { room_name: roomName, token }));

describe('a node without Redis', () => {
  it('admits guests, uses their tokens up through auth, and ends them when their instance is suspended', async () => {
    const { theirs, state, auth, start } = await startA3();
    const [a, b] = [await start('node-a'), await start('node-b')];
    const gus = await eventually(() => theirs.connect(a, 'Gus', GUS));
    const elsewhere = await eventually(() => theirs.connect(b, 'Gus', GUS));
    const token = await theirs.writeToken(GUS);
    expect(await openWith(gus, token, 'den')).toBe('accepted');
    expect(await openWith(elsewhere, token, 'loft')).toBe('token_used');
    expect(gus.socket.hello.name).toBe(`Gus@${new URL(theirs.issuer).host}`);

    const startedAt = performance.now();
    await register(state, theirs, { state: 'suspended' });
    for (const { socket } of [gus, elsewhere]) {
      expect(await socket.closed).toMatchObject({ code: CLOSE_CODES.notAdmitted.code, retry: false });
    }
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    expect(auth.asked.get(AUTH_API.listTrustedIssuers.path)).toBeGreaterThan(2);
  });

  it('counts the entries of an instance by itself', async () => {
    const { theirs, start } = await startA3({ quotas: { ...DEFAULT_QUOTAS, entries_per_minute: 1 } });
    const node = await start('node-a');
    await (await eventually(() => theirs.connect(node))).open('one');
    expect(await codeOf((await theirs.connect(node)).open('two'))).toBe('guests_full');
  });

  it('lets its own players play while auth tells nothing of issuers', async () => {
    const { theirs, state, start } = await startA3();
    const { issuers } = state;
    const version = issuers.version.bind(issuers);
    Object.assign(state, { issuers: { ...issuers, list: () => Promise.reject(new Error('away')), version } });
    const node = await start('node-a');
    expect(await codeOf(theirs.connect(node))).toBe('unavailable');
    const own = { sub: 'own' };
    const { token } = await node.issuer.issueWriteToken(own, ISSUER, { jti: await state.jtis.issue(30_000) });
    expect(await openWith(await node.connect('Own', own), token, 'den')).toBe('accepted');
    Object.assign(state, { issuers });
    await eventually(() => theirs.connect(node));
  });
});

describe('the issuers as auth tells of them', () => {
  const feedOf = ({ url, secret }: InternalAuth) =>
    createHttpIssuerFeed(createAuthApiClient({ baseUrl: url, secret }));

  it('are sent once for each version', async () => {
    const { theirs, state, auth } = await startA3();
    const feed = feedOf(auth);
    const { version, issuers } = await feed.list();
    expect(issuers.map(({ issuer }) => issuer)).toEqual([theirs.issuer]);
    for (let i = 0; i < 3; i += 1) expect(await feed.version()).toBe(version);
    expect(await feed.list()).toEqual({ version, issuers });
    expect(auth.fullLists).toBe(1);
    await register(state, theirs, { label: 'Renamed' });
    expect(await feed.version()).toBeGreaterThan(version);
    expect((await feed.list()).issuers).toMatchObject([{ label: 'Renamed' }]);
    expect(auth.fullLists).toBe(2);
  });

  it.each([
    ['an older auth', 404, { code: 'not_found' }],
    ['another shape', 200, { version: 'x', issuers: [] }],
    ['a list that is left out', 200, { version: 7 }],
    ['a record that is none', 200, { version: 7, issuers: [{ issuer: 'https://a.example' }] }],
  ])('%s: nobody can tell', async (_what, status, body) => {
    const answer = () => Promise.resolve(new Response(JSON.stringify(body), { status }));
    const feed = createHttpIssuerFeed(
      createAuthApiClient({ baseUrl: 'http://auth', secret: 'x', fetch: answer }),
    );
    await expect(feed.version()).rejects.toThrow(StateUnavailableError);
    await expect(feed.list()).rejects.toThrow(StateUnavailableError);
  });
});
