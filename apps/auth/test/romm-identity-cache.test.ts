import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  createMemoryIdentityCache,
  createRedisIdentityCache,
  type IdentityCache,
  openRedis,
} from '@romm-netplay/shared-state';
import {
  createDisposers,
  ROMM_RELEASES,
  type RommRelease,
  type RommServer,
  startRedisServer,
  startRommServer,
} from '@romm-netplay/testing';
import {
  IDENTITY_FRESH_MS,
  IDENTITY_GRACE_MS,
  LOCAL_LAYER_MS,
  REFUSAL_FRESH_MS,
} from '../src/adapters/romm/romm-identity-provider.js';
import { rommProvider, withBearer, withSession } from './support/romm.js';

const disposers = createDisposers();
let romm: RommServer;
let nowMs: number;
const now = () => nowMs;
const pass = (ms: number) => void (nowMs += ms);
afterEach(() => disposers.closeAll());

async function startRomm(release: RommRelease) {
  nowMs = 1_800_000_000_000;
  romm = disposers.use(await startRommServer(release));
}

const open = (options: { cache?: IdentityCache; timeoutMs?: number } = {}) =>
  rommProvider({ baseUrl: romm.url, now, ...options });
const asked = () => romm.requests.length;
const unavailable = { code: 'identity_unavailable' };

function signIn(username = 'ada') {
  const { id } = romm.putUser({ username });
  const value = romm.openSession(id);
  return { id, value, credentials: withSession(value) };
}

/** A shared cache that can be away, and says what it holds. */
function watchedCache() {
  const inner = createMemoryIdentityCache({ elapsed: now });
  const written: [string, string, number][] = [];
  let away = false;
  const refuse = () => Promise.reject(new Error('The shared state is unavailable.'));
  const cache: IdentityCache = {
    read: (key) => (away ? refuse() : inner.read(key)),
    write(key, value, ttlMs) {
      if (away) return refuse();
      written.push([key, value, ttlMs]);
      return inner.write(key, value, ttlMs);
    },
  };
  return { cache, written, setAway: (isAway: boolean) => void (away = isAway) };
}

describe.each(ROMM_RELEASES)('The cache of identities of RomM $name (P4.5)', (release) => {
  beforeEach(() => startRomm(release));

  it('asks RomM once a minute for a user, and notices signing out within it', async () => {
    const { value, credentials } = signIn();
    const { provider } = open();
    for (let elapsed = 0; elapsed < IDENTITY_FRESH_MS; elapsed += 1_000) {
      expect(await provider.identify(credentials)).toMatchObject({ sub: 'ada' });
      if (elapsed === 1_000) romm.revoke(value);
      pass(1_000);
    }
    expect(asked()).toBe(1);
    expect(await provider.identify(credentials)).toBeUndefined();
    expect(asked()).toBe(2);
  });

  it('asks again soon for nobody and for the disabled, who may have signed in or been enabled', async () => {
    const { id, credentials } = signIn();
    romm.behave({ disabledUsers: 'shown' });
    romm.putUser({ id, username: 'ada', enabled: false });
    const { provider } = open();
    const stranger = withSession('not-yet');
    for (const _ of [1, 2]) {
      expect(await provider.identify(stranger)).toBeUndefined();
      await expect(provider.identify(credentials)).rejects.toMatchObject({ code: 'account_disabled' });
      pass(REFUSAL_FRESH_MS - 1);
      expect(asked()).toBe(2);
    }
    romm.putUser({ id, username: 'ada' });
    pass(1);
    expect(await provider.identify(credentials)).toMatchObject({ sub: 'ada' });
  });

  it('shares what it knows with other replicas, through memory and through Redis', async () => {
    const redisServer = disposers.use(await startRedisServer());
    const redis = disposers.use(await openRedis({ url: redisServer.url }));
    for (const cache of [createMemoryIdentityCache({ elapsed: now }), createRedisIdentityCache(redis)]) {
      const { credentials } = signIn();
      const before = asked();
      const [one, other] = [open({ cache }), open({ cache })];
      const identity = await one.provider.identify(credentials);
      expect(identity).toMatchObject({ sub: 'ada' });
      expect(await other.provider.identify(credentials)).toEqual(identity);
      expect(asked()).toBe(before + 1);
    }
  });

  it('keeps credentials apart, and those of two RomM servers', async () => {
    const { cache, written } = watchedCache();
    const { id, value, credentials } = signIn();
    const { provider } = open({ cache });
    await provider.identify(credentials);
    // The same text as a token signs nobody in.
    expect(await provider.identify(withBearer(value))).toBeUndefined();
    const second = disposers.use(await startRommServer(release));
    const there = rommProvider({ baseUrl: second.url, cache, now });
    expect(await there.provider.identify(credentials)).toBeUndefined();
    await provider.identify(withBearer(romm.issueBearer(id)));
    expect(new Set(written.map(([key]) => key)).size).toBe(4);
  });

  it('stores a digest and an identity, never a credential', async () => {
    const { cache, written } = watchedCache();
    const { value, credentials } = signIn();
    const { provider } = open({ cache });
    await provider.identify(credentials);
    await provider.identify(withSession('nobody-here'));
    expect(written.map(([key, , ttlMs]) => [key, ttlMs])).toEqual([
      [expect.stringMatching(/^[0-9a-f]{64}$/), IDENTITY_GRACE_MS],
      [expect.stringMatching(/^[0-9a-f]{64}$/), REFUSAL_FRESH_MS],
    ]);
    expect(JSON.parse(written[0]![1])).toEqual({
      verdict: {
        is: 'user',
        identity: { sub: 'ada', netplayUsername: 'ada', role: 'player', externalId: '1' },
      },
      saidAtMs: nowMs,
    });
    expect(JSON.stringify(written)).not.toContain(value);
    expect(JSON.stringify(written)).not.toContain('nobody-here');
  });

  it('goes to the shared layer every five seconds only', async () => {
    const { cache } = watchedCache();
    let reads = 0;
    const counting: IdentityCache = { ...cache, read: (key) => ((reads += 1), cache.read(key)) };
    const { credentials } = signIn();
    const { provider } = open({ cache: counting });
    await provider.identify(credentials);
    for (let call = 0; call < 100; call += 1) await provider.identify(credentials);
    expect(reads).toBe(1);
    pass(LOCAL_LAYER_MS);
    await provider.identify(credentials);
    expect([reads, asked()]).toEqual([2, 1]);
  });

  it('does not believe an entry that is spoiled, or dated by a clock far ahead', async () => {
    const { cache, written } = watchedCache();
    const { credentials } = signIn();
    await open({ cache }).provider.identify(credentials);
    const [key, value] = written[0]!;
    const entry = JSON.parse(value) as { verdict: object; saidAtMs: number };
    const spoiled = [
      '{"verdict":',
      '7',
      JSON.stringify({ ...entry, verdict: { is: 'user', identity: { sub: 'eve', role: 'owner' } } }),
      JSON.stringify({ ...entry, saidAtMs: nowMs + IDENTITY_FRESH_MS }),
    ];
    for (const text of spoiled) {
      const before = asked();
      await cache.write(key, text, 60_000);
      expect(await open({ cache }).provider.identify(credentials)).toMatchObject({ sub: 'ada' });
      expect(asked()).toBe(before + 1);
    }
  });

  it('works without the shared layer, tells of it once, and uses it again when it is back', async () => {
    const { cache, written, setAway } = watchedCache();
    setAway(true);
    const { credentials } = signIn();
    const { provider, errors } = open({ cache });
    expect(await provider.identify(credentials)).toMatchObject({ sub: 'ada' });
    pass(LOCAL_LAYER_MS);
    expect(await provider.identify(credentials)).toMatchObject({ sub: 'ada' });
    expect(errors).toHaveLength(1);
    expect(asked()).toBe(1); // what this process knows is fresh still
    setAway(false);
    pass(IDENTITY_FRESH_MS);
    expect(await provider.identify(credentials)).toMatchObject({ sub: 'ada' });
    expect(written).toHaveLength(1);
  });

  it('asks once for a hundred callers with one credential, and apart for another', async () => {
    romm.behave({ delayMs: 50 });
    const [ada, bob] = [signIn('ada'), signIn('bob')];
    const { provider } = open();
    const all = await Promise.all(
      Array.from({ length: 101 }, (_, index) => provider.identify((index === 50 ? bob : ada).credentials)),
    );
    expect(all.filter((identity) => identity?.sub === 'ada')).toHaveLength(100);
    expect(all[50]).toMatchObject({ sub: 'bob' });
    expect(asked()).toBe(2);
  });

  it('does not let a failed flight spoil later ones', async () => {
    romm.behave({ mode: 'stalled-head' });
    const { credentials } = signIn();
    const { provider } = open({ timeoutMs: 100 });
    const many = await Promise.allSettled(Array.from({ length: 20 }, () => provider.identify(credentials)));
    expect(many.map(({ status }) => status)).toEqual(Array(20).fill('rejected'));
    expect(asked()).toBe(1);
    romm.behave({ mode: 'ok' });
    pass(1_000);
    expect(await provider.identify(credentials)).toMatchObject({ sub: 'ada' });
  });
});

describe.each(ROMM_RELEASES)('RomM $name down (S4, P4.5)', (release) => {
  beforeEach(() => startRomm(release));

  it('keeps whom RomM knew in the last ten minutes, and nobody else, until it is back', async () => {
    const { cache } = watchedCache();
    const { credentials } = signIn();
    await open({ cache }).provider.identify(credentials);
    await romm.goDown();
    pass(IDENTITY_FRESH_MS);
    const { provider, graces, errors } = open({ cache });
    expect(await provider.identify(credentials)).toMatchObject({ sub: 'ada' });
    expect(graces).toEqual([{ sub: 'ada', ageMs: IDENTITY_FRESH_MS }]);
    await expect(provider.identify(withSession('unknown'))).rejects.toMatchObject(unavailable);
    pass(IDENTITY_GRACE_MS - IDENTITY_FRESH_MS - 1);
    expect(await provider.identify(credentials)).toMatchObject({ sub: 'ada' });
    pass(1);
    await expect(provider.identify(credentials)).rejects.toMatchObject(unavailable);
    expect(errors).toHaveLength(1);
    await romm.comeBack();
    pass(1_000);
    expect(await provider.identify(credentials)).toMatchObject({ sub: 'ada' });
  });

  it('keeps them even while the shared layer is away, too', async () => {
    const { cache, setAway } = watchedCache();
    const { credentials } = signIn();
    const { provider, graces } = open({ cache });
    await provider.identify(credentials);
    await romm.goDown();
    setAway(true);
    pass(IDENTITY_GRACE_MS - 1);
    expect(await provider.identify(credentials)).toMatchObject({ sub: 'ada' });
    expect(graces).toHaveLength(1);
    pass(1);
    await expect(provider.identify(credentials)).rejects.toMatchObject(unavailable);
  });

  it('never uses a refusal it remembers: nobody can tell whether it still holds', async () => {
    const { cache, setAway } = watchedCache();
    const { provider } = open({ cache });
    expect(await provider.identify(withSession('not-yet'))).toBeUndefined();
    await romm.goDown();
    setAway(true);
    pass(REFUSAL_FRESH_MS);
    await expect(provider.identify(withSession('not-yet'))).rejects.toMatchObject(unavailable);
  });

  it('does not bring back who signed out, or was disabled, before the outage', async () => {
    const { cache } = watchedCache();
    const [ada, bob] = [signIn('ada'), signIn('bob')];
    romm.behave({ disabledUsers: 'shown' });
    const [one, other] = [open({ cache }), open({ cache })];
    await one.provider.identify(ada.credentials);
    await one.provider.identify(bob.credentials);
    pass(IDENTITY_FRESH_MS);
    romm.revoke(ada.value);
    romm.putUser({ id: bob.id, username: 'bob', enabled: false });
    await other.provider.identify(ada.credentials);
    await other.provider.identify(bob.credentials).catch(() => undefined);
    await romm.goDown();
    pass(REFUSAL_FRESH_MS);
    for (const { provider, graces } of [one, other]) {
      await expect(provider.identify(ada.credentials)).rejects.toMatchObject(unavailable);
      await expect(provider.identify(bob.credentials)).rejects.toMatchObject(unavailable);
      expect(graces).toEqual([]);
    }
  });

  it('asks for a credential at most once a second, and answers at once meanwhile', async () => {
    romm.behave({ mode: 'stalled-head' });
    const { credentials } = signIn();
    const { provider } = open({ timeoutMs: 100 });
    await expect(provider.identify(credentials)).rejects.toMatchObject(unavailable);
    for (const _ of [1, 2, 3])
      await expect(provider.identify(credentials)).rejects.toMatchObject(unavailable);
    expect(asked()).toBe(1);
    pass(1_000);
    await expect(provider.identify(credentials)).rejects.toMatchObject(unavailable);
    expect(asked()).toBe(2);
  });

  it('after five outages in a row lets one caller a second find out whether RomM is back', async () => {
    romm.behave({ mode: 'bad-gateway' });
    const { credentials } = signIn();
    const { provider } = open();
    const failAll = (prefix: string) =>
      Promise.allSettled(
        Array.from({ length: 20 }, (_, index) => provider.identify(withSession(`${prefix}-${index}`))),
      );
    for (let attempt = 0; attempt < 5; attempt += 1) {
      await expect(provider.identify(withSession(`s-${attempt}`))).rejects.toMatchObject(unavailable);
    }
    await failAll('at-once');
    expect(asked()).toBe(5);
    pass(1_000);
    await failAll('a-second-later');
    expect(asked()).toBe(6);
    romm.behave({ mode: 'ok' });
    await expect(provider.identify(credentials)).rejects.toMatchObject(unavailable);
    pass(1_000);
    expect(await provider.identify(credentials)).toMatchObject({ sub: 'ada' });
    // Back for all at once.
    expect((await failAll('again')).map(({ status }) => status)).toEqual(Array(20).fill('fulfilled'));
  });

  it('lets nobody shut others out with requests that only fail for themselves', async () => {
    romm.behave({ mode: 'error' });
    const { provider } = open();
    for (let attempt = 0; attempt < 10; attempt += 1) {
      await expect(provider.identify(withSession(`crafted-${attempt}`))).rejects.toMatchObject(unavailable);
    }
    romm.behave({ mode: 'ok' });
    expect(await provider.identify(signIn().credentials)).toMatchObject({ sub: 'ada' });
  });
});
