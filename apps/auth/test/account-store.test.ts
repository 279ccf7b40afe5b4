import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type PostgresServer, startPostgresServer } from '@romm-netplay/testing';
import type { Account, AccountStore } from '../src/accounts/account-store.js';
import { type Database, openDatabase } from '../src/adapters/sql/database.js';
import { createSqlAccountStore } from '../src/adapters/sql/sql-account-store.js';
import { closeTestDatabase, testDatabase } from './support/database.js';

const NOW = 1_800_000_000_000;
const account = (username: string, role: Account['role'] = 'player'): Account => ({
  id: randomUUID(),
  username,
  passwordHash: 'hash',
  role,
  enabled: true,
  createdAtMs: NOW,
});

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgresServer();
});
afterAll(() => server.close());
afterAll(closeTestDatabase);

const ENGINES: Record<string, () => Promise<Database>> = {
  PGlite: testDatabase,
  PostgreSQL: async () =>
    openDatabase({ url: await server.createDatabase(), dataDir: '', onError: () => undefined }),
};

describe.each(Object.entries(ENGINES))('AccountStore in %s', (engine, open) => {
  let database: Database;
  let store: AccountStore;
  beforeAll(async () => {
    database = await open();
    store = createSqlAccountStore(database.sql);
  });
  afterAll(() => (engine === 'PostgreSQL' ? database.close() : undefined));

  it('finds by id and by name, whatever case and width the name is written in', async () => {
    const ada = account('Ada Lovelace');
    await store.insert(ada);
    for (const name of ['Ada Lovelace', 'ada lovelace', 'ＡDA lovelace']) {
      expect(await store.findByName(name)).toEqual(ada);
    }
    expect(await store.findById(ada.id)).toEqual(ada);
    expect(await store.findByName('Ada')).toBeUndefined();
  });

  it('takes a name once, however many ask at the same time', async () => {
    const tries = ['Bob', 'bob', 'BOB', 'bOb'].map((name) => store.insert(account(name)));
    const outcomes = await Promise.allSettled(tries);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const refused = outcomes.find((outcome) => outcome.status === 'rejected');
    expect(refused).toMatchObject({ reason: { code: 'username_taken' } });
  });

  it('creates one first administrator, however many codes are used at the same time', async () => {
    await Promise.all(['one', 'two', 'three'].map((code) => store.addSetupCode(code, NOW + 1)));
    await store.addSetupCode('late', NOW);
    expect(await store.useSetupCode('late', account('Late', 'admin'), NOW)).toBe(false);
    expect(await store.useSetupCode('unknown', account('Unknown', 'admin'), NOW)).toBe(false);
    const used = ['one', 'two', 'three'].map((code) => store.useSetupCode(code, account(code, 'admin'), NOW));
    expect((await Promise.all(used)).filter(Boolean)).toHaveLength(1);
    expect(await store.hasAdmin()).toBe(true);
  });

  it('keeps one enabled administrator, even when two are demoted at the same time', async () => {
    const second = account('Second', 'admin');
    await store.insert(second);
    const admins = (await store.list()).filter(({ role }) => role === 'admin');
    expect(admins).toHaveLength(2);
    const outcomes = await Promise.allSettled(
      admins.map(({ id }, index) => store.update(id, index === 0 ? { role: 'player' } : { enabled: false })),
    );
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await store.hasAdmin()).toBe(true);
  });
});
