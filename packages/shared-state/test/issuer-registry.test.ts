import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  createMemoryIssuerRegistry,
  createRedisIssuerRegistry,
  type FollowIssuersOptions,
  followIssuers,
  ISSUER_RECORDS_KEY,
  ISSUER_VERSION_KEY,
  type IssuerFeed,
  openRedis,
  StateUnavailableError,
} from '@romm-netplay/shared-state';
import { createDisposers, eventually, type RedisServer, startRedisServer } from '@romm-netplay/testing';
import { issuerOf, issuerRegistryContract, stored } from './contracts/issuer-registry.contract.js';

const disposers = createDisposers();
afterEach(() => disposers.closeAll());

describe('IssuerRegistry in memory', () => {
  issuerRegistryContract(() => {
    const registry = createMemoryIssuerRegistry();
    return Promise.resolve({ registry, other: registry, close: () => Promise.resolve() });
  });

  it('gives away nothing that could be changed from outside', async () => {
    const registry = createMemoryIssuerRegistry();
    const draft = issuerOf();
    (await stored(registry, draft)).permissions.push('rooms:create');
    draft.permissions.push('rooms:create');
    (await registry.list()).issuers[0]!.permissions.push('rooms:create');
    expect((await registry.list()).issuers[0]!.permissions).toEqual(['rooms:list', 'rooms:join']);
  });
});

describe('IssuerRegistry in Redis', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedisServer();
  });
  afterAll(() => server.close());

  issuerRegistryContract(async () => {
    const [redis, otherRedis] = [await openRedis({ url: server.url }), await openRedis({ url: server.url })];
    return {
      registry: createRedisIssuerRegistry(redis),
      other: createRedisIssuerRegistry(otherRedis),
      async close() {
        await redis.run((client) => client.flushAll());
        await redis.close();
        await otherRedis.close();
      },
    };
  });

  it('keeps both keys on one Cluster node, and for good', async () => {
    const hashTag = /\{(.+)\}/;
    expect(hashTag.exec(ISSUER_RECORDS_KEY)?.[1]).toBe(hashTag.exec(ISSUER_VERSION_KEY)?.[1]);
    const redis = await openRedis({ url: server.url });
    const issuer = await stored(createRedisIssuerRegistry(redis));
    for (const key of [ISSUER_RECORDS_KEY, ISSUER_VERSION_KEY]) {
      expect(await redis.run((client) => client.pTTL(key))).toBe(-1);
    }
    await redis.close();
    const later = await openRedis({ url: server.url });
    expect((await createRedisIssuerRegistry(later).list()).issuers).toEqual([issuer]);
    await later.run((client) => client.flushAll());
    await later.close();
  });

  it('trusts nothing that some other program spoiled, and lets it be registered anew', async () => {
    const redis = await openRedis({ url: server.url });
    const registry = createRedisIssuerRegistry(redis);
    const { issuer } = await stored(registry);
    for (const spoiled of ['{', '', '7 {', '7 {"state":"active"}', JSON.stringify(issuerOf()), '{']) {
      await redis.run((client) => client.hSet(ISSUER_RECORDS_KEY, issuer, spoiled));
      expect((await registry.list()).issuers).toEqual([]);
    }
    expect((await registry.put(issuerOf(), undefined)).outcome).toBe('stored');
    await redis.run((client) => client.flushAll());
    await redis.close();
  });

  it('says that it is away, and goes on when Redis is back; nobody is trusted if that came back empty', async () => {
    const own = disposers.use(await startRedisServer());
    const redis = disposers.use(await openRedis({ url: own.url, commandTimeoutMs: 300 }));
    const registry = createRedisIssuerRegistry(redis);
    const followed = disposers.use(followIssuers({ registry, onError: () => undefined, pollMs: 20 }));
    const before = await stored(registry);
    await eventually(() => followed.all().length === 1);
    await own.kill();
    await eventually(() => registry.version().then(Boolean, () => true));
    for (const call of [
      () => registry.version(),
      () => registry.list(),
      () => registry.put(issuerOf(), undefined),
      () => registry.remove('https://b.example.org', 1),
    ]) {
      await expect(call()).rejects.toThrow(StateUnavailableError);
    }
    expect(followed.get(before.issuer)).toEqual(before);
    await own.restart();
    await eventually(() => followed.all().length === 0);
    const after = await stored(registry);
    expect(after.version).toBeGreaterThan(before.version);
    await eventually(() => followed.get(before.issuer)?.version === after.version);
  });
});

describe('following the issuers (P2.4)', () => {
  const follow = (options: Partial<FollowIssuersOptions> & { registry: IssuerFeed }) =>
    disposers.use(followIssuers({ onError: () => undefined, pollMs: 10, ...options }));

  it('cannot tell until the registry was read once, keeps what it knows, and heals what it missed', async () => {
    const registry = createMemoryIssuerRegistry();
    let away = true;
    const unlessAway = <T>(read: () => Promise<T>) =>
      away ? Promise.reject(new StateUnavailableError()) : read();
    const errors: unknown[] = [];
    const told: (string | undefined)[] = [];
    const followed = follow({
      registry: { version: () => unlessAway(registry.version), list: () => unlessAway(registry.list) },
      onChanged: (_issuer, now) => told.push(now?.state),
      onError: (error) => errors.push(error),
    });
    await followed.refresh();
    expect(() => followed.get('https://b.example.org')).toThrow(StateUnavailableError);
    expect(() => followed.all()).toThrow(StateUnavailableError);
    const first = await stored(registry);
    away = false;
    await eventually(() => told.length === 1);
    away = true;
    await followed.refresh();
    const second = await stored(registry, issuerOf({ state: 'active' }), first.version);
    await stored(registry, issuerOf({ state: 'suspended' }), second.version);
    await followed.refresh();
    expect(followed.get(first.issuer)).toEqual(first);
    away = false;
    await eventually(() => followed.get(first.issuer)?.state === 'suspended');
    // What came and went meanwhile is nobody's business; one report an outage, not one a poll.
    expect(told).toEqual(['pending', 'suspended']);
    expect(errors).toHaveLength(2);
  });

  it('knows everything before it tells of the first, and tells nobody after it was closed', async () => {
    const registry = createMemoryIssuerRegistry();
    const told: string[] = [];
    await stored(registry, issuerOf({ issuer: 'https://a.example.org' }));
    await stored(registry, issuerOf({ issuer: 'https://z.example.org' }));
    const followed = follow({
      registry,
      pollMs: 60_000,
      onChanged: (issuer) => {
        expect(followed.all()).toHaveLength(2);
        told.push(issuer);
      },
    });
    await followed.refresh();
    expect(told).toEqual(['https://a.example.org', 'https://z.example.org']);
    await stored(registry);
    const reading = followed.refresh();
    followed.close();
    await reading;
    expect(told).toHaveLength(2);
  });
});
