import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { composeAuth } from '@romm-netplay/auth/compose';
import { parseEmbeddedConfig } from '@romm-netplay/auth/config';
import {
  createMemoryPublishedIssuers,
  createMemoryState,
  createRedisPublishedIssuers,
  openRedis,
  StateUnavailableError,
} from '@romm-netplay/shared-state';
import {
  createDisposers,
  eventually,
  type PostgresServer,
  startPostgresServer,
  startRedisServer,
} from '@romm-netplay/testing';
import { openDatabase } from '../src/adapters/sql/database.js';
import { createSqlIssuerRegistry } from '../src/adapters/sql/sql-issuer-registry.js';
import { type PublishIssuersOptions, startPublishingIssuers } from '../src/federation/publish-issuers.js';
import { draftOf, issuerRegistryContract, stored } from './contracts/issuer-registry.contract.js';
import { closeTestDatabase, testDatabase } from './support/database.js';

const now = Date.now;
const onError = () => undefined;
const disposers = createDisposers();
afterEach(() => disposers.closeAll());
let postgres: PostgresServer;
beforeAll(async () => {
  postgres = await startPostgresServer();
});
afterAll(async () => {
  await postgres.close();
  await closeTestDatabase();
});

/** An empty registry over the embedded database of this file. */
async function embeddedRegistry() {
  const { sql } = await testDatabase();
  await sql.deleteFrom('issuers').execute();
  return createSqlIssuerRegistry(sql, { now });
}

describe('IssuerRegistry in PGlite', () => {
  issuerRegistryContract(async () => {
    const registry = await embeddedRegistry();
    return { registry, other: registry, close: () => Promise.resolve() };
  });
});

describe('IssuerRegistry in PostgreSQL', () => {
  issuerRegistryContract(async () => {
    const url = await postgres.createDatabase();
    const [first, second] = await Promise.all([1, 2].map(() => openDatabase({ url, dataDir: '', onError })));
    return {
      registry: createSqlIssuerRegistry(first!.sql, { now }),
      other: createSqlIssuerRegistry(second!.sql, { now }),
      async close() {
        await first!.close();
        await second!.close();
      },
    };
  });

  it('says database_unavailable while the server is away', async () => {
    const own = disposers.use(await startPostgresServer());
    const database = disposers.use(
      await openDatabase({ url: await own.createDatabase(), dataDir: '', onError }),
    );
    const registry = createSqlIssuerRegistry(database.sql, { now });
    await own.kill();
    for (const call of [
      () => registry.version(),
      () => registry.list(),
      () => registry.put(draftOf(), undefined),
      () => registry.remove('https://b.example.org', 1),
      () => registry.overtake(1),
    ]) {
      await expect(call()).rejects.toMatchObject({ code: 'database_unavailable' });
    }
  });
});

describe('publishing the registry (P2.4)', () => {
  const publish = async (options: Pick<PublishIssuersOptions, 'registry' | 'published'>) => {
    const errors: unknown[] = [];
    let setBacks = 0;
    const publisher = disposers.use(
      await startPublishingIssuers({
        onError: (error) => errors.push(error),
        onMended: () => undefined,
        onSetBack: () => (setBacks += 1),
        ...options,
      }),
    );
    return { publisher, errors, setBacks: () => setBacks };
  };
  const isPublished = async (
    published: PublishIssuersOptions['published'],
    registry: PublishIssuersOptions['registry'],
  ) => (await published.version()) === (await registry.version());

  it('publishes what a replica committed that was killed before it could, at its start or that of another', async () => {
    const registry = await embeddedRegistry();
    const published = createMemoryPublishedIssuers();
    const issuer = await stored(registry);
    await publish({ registry, published });
    expect((await published.list()).issuers).toEqual([issuer]);
    const startedAt = performance.now();
    const changed = await stored(registry, draftOf({ state: 'active' }), issuer.version);
    await eventually(() => isPublished(published, registry));
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    expect((await published.list()).issuers).toEqual([changed]);
  });

  it('publishes again within about a second when Redis was emptied or restarted, and tells of an outage once', async () => {
    const redisServer = disposers.use(await startRedisServer());
    const redis = disposers.use(await openRedis({ url: redisServer.url, commandTimeoutMs: 300 }));
    const published = createRedisPublishedIssuers(redis);
    const registry = await embeddedRegistry();
    const issuer = await stored(registry);
    const { publisher, errors } = await publish({ registry, published });
    await redis.run((client) => client.flushAll());
    const startedAt = performance.now();
    await eventually(() => isPublished(published, registry));
    expect(performance.now() - startedAt).toBeLessThan(1_500);

    await redisServer.kill();
    await publisher.publish();
    await publisher.publish();
    expect(errors).toEqual([expect.any(StateUnavailableError)]);
    await redisServer.restart();
    await eventually(() => isPublished(published, registry));
    expect((await published.list()).issuers).toEqual([issuer]);
    expect(errors).toHaveLength(1);
  });

  it('starts without database, tells so once, and publishes when it is there', async () => {
    const registry = await embeddedRegistry();
    const published = createMemoryPublishedIssuers();
    await stored(registry);
    let away = true;
    const version = () => (away ? Promise.reject(new Error('away')) : registry.version());
    const { publisher, errors } = await publish({ registry: { ...registry, version }, published });
    await publisher.publish();
    expect(errors).toHaveLength(1);
    away = false;
    await eventually(() => isPublished(published, registry));
  });

  it('ends with the last truth when two replicas change and publish at once', async () => {
    const url = await postgres.createDatabase();
    const published = createMemoryPublishedIssuers();
    const replicas = await Promise.all(
      [1, 2].map(async () => {
        const database = disposers.use(await openDatabase({ url, dataDir: '', onError }));
        const registry = createSqlIssuerRegistry(database.sql, { now });
        return { registry, ...(await publish({ registry, published })) };
      }),
    );
    await Promise.all(
      Array.from({ length: 40 }, async (_, index) => {
        const { registry, publisher } = replicas[index % 2]!;
        await stored(registry, draftOf({ issuer: `https://i${index}.example.org` }));
        await publisher.publish();
        // Read your writes: whoever was answered finds the change published.
        const { issuers } = await published.list();
        expect(issuers.map(({ issuer }) => issuer)).toContain(`https://i${index}.example.org`);
      }),
    );
    expect(await published.list()).toEqual(await replicas[0]!.registry.list());
    for (const { setBacks, errors } of replicas) expect([setBacks(), errors]).toEqual([0, []]);
  });

  it('takes back what a database does not know any more that was restored from an older copy', async () => {
    const registry = await embeddedRegistry();
    const published = createMemoryPublishedIssuers();
    const { version } = await registry.list();
    await published.publish({
      version: version + 5_000,
      issuers: [{ ...draftOf(), version: version + 5_000 }],
    });
    const { setBacks } = await publish({ registry, published });
    expect(setBacks()).toBe(1);
    expect(await published.list()).toEqual({ version: version + 5_001, issuers: [] });
    expect(await isPublished(published, registry)).toBe(true);
  });
});

describe('an instance with the embedded database', () => {
  it('knows whom it trusts after a restart, with nothing in memory (P2.4)', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'netplay-restart-'));
    disposers.defer(() => rm(dataDir, { recursive: true, force: true }));
    const env = { PORT: '0', HOST: '127.0.0.1', IDENTITY_PROVIDERS: 'dev', SIGNING_ALG: 'ES256' };
    const config = parseEmbeddedConfig({
      ...env,
      LOG_LEVEL: 'silent',
      DATA_DIR: dataDir,
      ADMIN_API_KEY: 'key',
    });
    const headers = { authorization: 'Bearer key', 'content-type': 'application/json' };
    const first = await composeAuth(config, { state: createMemoryState() });
    const body = JSON.stringify({ issuer: 'https://b.example.org', label: 'B' });
    const path = '/api/admin/issuers';
    const created = await fetch(`${first.url}${path}`, { method: 'POST', headers, body });
    const issuer: unknown = await created.json();
    await first.close();
    const state = createMemoryState();
    const second = await composeAuth(config, { state });
    disposers.use(second);
    expect(await (await fetch(`${second.url}${path}`, { headers })).json()).toEqual({ issuers: [issuer] });
    expect((await state.issuers.list()).issuers).toMatchObject([{ issuer: 'https://b.example.org' }]);
  });
});
