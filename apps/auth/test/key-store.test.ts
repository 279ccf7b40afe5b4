import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type PostgresServer, startPostgresServer } from '@romm-netplay/testing';
import { createMemoryKeyStore } from '../src/adapters/memory-key-store.js';
import { type Database, migrate, openDatabase } from '../src/adapters/sql/database.js';
import { createSqlKeyStore } from '../src/adapters/sql/sql-key-store.js';
import { keyStoreContract, storedKey } from './contracts/key-store.contract.js';

const onError = () => undefined;

describe('KeyStore in memory', () => {
  keyStoreContract(() => {
    const store = createMemoryKeyStore();
    return Promise.resolve({ store, other: store, close: () => Promise.resolve() });
  });
});

describe('KeyStore in PGlite', () => {
  let dataDir: string;
  let database: Database;
  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'netplay-pglite-'));
    database = await openDatabase({ url: undefined, dataDir, onError });
  });
  afterAll(async () => {
    await database.close();
    await rm(dataDir, { recursive: true });
  });

  keyStoreContract(() => {
    const store = createSqlKeyStore(database.sql);
    const close = () => database.sql.deleteFrom('signing_keys').execute();
    return Promise.resolve({
      store,
      other: createSqlKeyStore(database.sql),
      close: () => close().then(() => undefined),
    });
  });

  it('refuses a second process on the same files, and keeps the keys over a restart', async () => {
    await expect(openDatabase({ url: undefined, dataDir, onError, lockWaitSeconds: 0 })).rejects.toThrow(
      /Another process uses the database/,
    );
    await createSqlKeyStore(database.sql).exclusively((transaction) => transaction.insert(storedKey('kept')));
    await database.close();
    database = await openDatabase({ url: undefined, dataDir, onError });
    expect(await createSqlKeyStore(database.sql).list()).toEqual([storedKey('kept')]);
  });
});

describe('KeyStore in PostgreSQL', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgresServer();
  });
  afterAll(() => server.close());

  keyStoreContract(async () => {
    const url = await server.createDatabase();
    // Two replicas that start at once migrate at once.
    const [first, second] = await Promise.all([1, 2].map(() => openDatabase({ url, dataDir: '', onError })));
    return {
      store: createSqlKeyStore(first!.sql),
      other: createSqlKeyStore(second!.sql),
      async close() {
        await first!.close();
        await second!.close();
      },
    };
  });

  it('migrates up and down', async () => {
    const database = await openDatabase({ url: await server.createDatabase(), dataDir: '', onError });
    const tables = async () => (await database.sql.introspection.getTables()).map(({ name }) => name);
    const all = await tables();
    expect(all).toEqual(expect.arrayContaining(['signing_keys', 'sessions']));
    await migrate(database.sql, 'none');
    expect(await tables()).toEqual([]);
    await migrate(database.sql, 'latest');
    expect(await tables()).toEqual(all);
    await database.close();
  });

  it('says database_unavailable while the server is away or frozen, and works again by itself', async () => {
    const database = await openDatabase({ url: await server.createDatabase(), dataDir: '', onError });
    const store = createSqlKeyStore(database.sql);
    await server.kill();
    await expect(store.list()).rejects.toMatchObject({ code: 'database_unavailable' });
    await server.restart();
    await expect(store.list()).resolves.toEqual([]);
    server.freeze();
    await expect(store.list()).rejects.toMatchObject({ code: 'database_unavailable' });
    server.thaw();
    await expect(store.list()).resolves.toEqual([]);
    await database.close();
  });
});
