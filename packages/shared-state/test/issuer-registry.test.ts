import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  createMemoryPublishedIssuers,
  createRedisPublishedIssuers,
  type FollowIssuersOptions,
  followIssuers,
  type IssuerFeed,
  openRedis,
  PUBLISHED_ISSUERS_KEY,
  StateUnavailableError,
} from '@romm-netplay/shared-state';
import { createDisposers, eventually, type RedisServer, startRedisServer } from '@romm-netplay/testing';
import { issuerOf, listOf, publishedIssuersContract } from './contracts/published-issuers.contract.js';

const disposers = createDisposers();
afterEach(() => disposers.closeAll());

describe('PublishedIssuers in memory', () => {
  publishedIssuersContract(() => {
    const published = createMemoryPublishedIssuers();
    return Promise.resolve({ published, other: published, close: () => Promise.resolve() });
  });

  it('gives away nothing that could be changed from outside', async () => {
    const published = createMemoryPublishedIssuers();
    const list = listOf(1, {});
    await published.publish(list);
    list.issuers[0]!.permissions.push('rooms:create');
    (await published.list()).issuers[0]!.permissions.push('rooms:create');
    expect((await published.list()).issuers[0]!.permissions).toEqual(['rooms:list', 'rooms:join']);
  });
});

describe('PublishedIssuers in Redis', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedisServer();
  });
  afterAll(() => server.close());

  publishedIssuersContract(async () => {
    const [redis, otherRedis] = [await openRedis({ url: server.url }), await openRedis({ url: server.url })];
    return {
      published: createRedisPublishedIssuers(redis),
      other: createRedisPublishedIssuers(otherRedis),
      async close() {
        await redis.run((client) => client.flushAll());
        await redis.close();
        await otherRedis.close();
      },
    };
  });

  it('needs one key, which does not expire', async () => {
    const redis = disposers.use(await openRedis({ url: server.url }));
    await createRedisPublishedIssuers(redis).publish(listOf(1, {}));
    expect(await redis.run((client) => client.keys('*'))).toEqual([PUBLISHED_ISSUERS_KEY]);
    expect(await redis.run((client) => client.pTTL(PUBLISHED_ISSUERS_KEY))).toBe(-1);
    await redis.run((client) => client.flushAll());
  });

  it('trusts nothing that some other program spoiled, and lets it be published anew', async () => {
    const redis = disposers.use(await openRedis({ url: server.url }));
    const published = createRedisPublishedIssuers(redis);
    const set = (fields: Record<string, string>) =>
      redis.run((client) => client.hSet(PUBLISHED_ISSUERS_KEY, fields));
    await published.publish(listOf(5, {}));
    for (const list of ['{', '', '{}', 'null', '[null]', '[{"state":"active"}]']) {
      await set({ list });
      expect(await published.list()).toEqual({ version: 5, issuers: [] });
    }
    await set({ list: JSON.stringify([{ state: 'active' }, issuerOf()]) });
    expect((await published.list()).issuers).toEqual([issuerOf()]);
    for (const version of ['', 'x', '-1', '1e9', '0x7', '9'.repeat(16)]) {
      await set({ version });
      expect(await published.version()).toBe(0);
      await published.publish(listOf(6, {}));
      expect(await published.list()).toEqual(listOf(6, {}));
    }
    await redis.run((client) => client.flushAll());
  });

  it('says that it is away; a Redis that comes back empty takes trust from nobody until there is news', async () => {
    const own = disposers.use(await startRedisServer());
    const redis = disposers.use(await openRedis({ url: own.url, commandTimeoutMs: 300 }));
    const published = createRedisPublishedIssuers(redis);
    const errors: unknown[] = [];
    const told: unknown[] = [];
    const followed = disposers.use(
      followIssuers({
        registry: published,
        onChanged: (_issuer, now) => told.push(now?.state),
        onError: (error) => errors.push(error),
        pollMs: 20,
      }),
    );
    await eventually(() => published.publish(listOf(5, {})).then(() => true));
    await eventually(() => followed.all().length === 1);
    await own.kill();
    await eventually(() => published.version().then(Boolean, () => true));
    for (const call of [
      () => published.version(),
      () => published.list(),
      () => published.publish(listOf(6)),
    ]) {
      await expect(call()).rejects.toThrow(StateUnavailableError);
    }
    await own.restart();
    await eventually(async () => (await published.version()) === 0);
    await followed.refresh();
    expect(followed.all()).toHaveLength(1);
    expect(errors).toHaveLength(1);
    // Whoever starts now knows nobody.
    const late = disposers.use(followIssuers({ registry: published, onError: () => undefined }));
    await late.refresh();
    expect(late.all()).toEqual([]);
    await published.publish(listOf(5, {}));
    await late.refresh();
    expect(late.all()).toHaveLength(1);
    await followed.refresh();
    expect(told).toEqual(['pending']);
    await published.publish(listOf(6));
    await followed.refresh();
    expect(told).toEqual(['pending', undefined]);
  });
});

describe('following the issuers (P2.4)', () => {
  const follow = (options: Partial<FollowIssuersOptions> & { registry: IssuerFeed }) =>
    disposers.use(followIssuers({ onError: () => undefined, pollMs: 10, ...options }));

  it('cannot tell until the list was read once, keeps what it knows, and heals what it missed', async () => {
    const published = createMemoryPublishedIssuers();
    let away = true;
    const unlessAway = <T>(read: () => Promise<T>) =>
      away ? Promise.reject(new StateUnavailableError()) : read();
    const errors: unknown[] = [];
    const told: (string | undefined)[] = [];
    const followed = follow({
      registry: { version: () => unlessAway(published.version), list: () => unlessAway(published.list) },
      onChanged: (_issuer, now) => told.push(now?.state),
      onError: (error) => errors.push(error),
    });
    await followed.refresh();
    expect(() => followed.get('https://b.example.org')).toThrow(StateUnavailableError);
    expect(() => followed.all()).toThrow(StateUnavailableError);
    await published.publish(listOf(1, {}));
    away = false;
    await eventually(() => told.length === 1);
    away = true;
    await followed.refresh();
    await published.publish(listOf(2, { state: 'active' }));
    await published.publish(listOf(3, { state: 'suspended' }));
    await followed.refresh();
    expect(followed.get('https://b.example.org')?.state).toBe('pending');
    away = false;
    await eventually(() => followed.get('https://b.example.org')?.state === 'suspended');
    // What came and went meanwhile is nobody's business; one report an outage, not one a poll.
    expect(told).toEqual(['pending', 'suspended']);
    expect(errors).toHaveLength(2);
  });

  it('knows everything before it tells of the first, and tells nobody after it was closed', async () => {
    const published = createMemoryPublishedIssuers();
    const told: string[] = [];
    const [a, z] = [{ issuer: 'https://a.example.org' }, { issuer: 'https://z.example.org' }];
    await published.publish(listOf(1, a, z));
    const followed = follow({
      registry: published,
      pollMs: 60_000,
      onChanged: (issuer) => {
        expect(followed.all()).toHaveLength(2);
        told.push(issuer);
      },
    });
    await followed.refresh();
    expect(told).toEqual(['https://a.example.org', 'https://z.example.org']);
    await published.publish(listOf(2, a, z, {}));
    const reading = followed.refresh();
    followed.close();
    await reading;
    expect(told).toHaveLength(2);
  });
});
