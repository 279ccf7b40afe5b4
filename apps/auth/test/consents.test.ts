import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type PostgresServer, startPostgresServer } from '@romm-netplay/testing';
import { createAesKeyCipher } from '../src/adapters/aes-key-cipher.js';
import { openDatabase } from '../src/adapters/sql/database.js';
import { createSqlSecretStore } from '../src/adapters/sql/sql-secret-store.js';
import { instanceSecret, reencryptSecrets } from '../src/keys/instance-secret.js';
import { visitStoresContract } from './contracts/visit-stores.contract.js';
import { closeTestDatabase, testDatabase } from './support/database.js';

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgresServer();
});
afterAll(() => server.close());
afterAll(closeTestDatabase);

async function twoConnections() {
  const url = await server.createDatabase();
  const open = () => openDatabase({ url, dataDir: '', onError: () => undefined });
  const [one, two] = [await open(), await open()];
  return {
    sql: one.sql,
    other: two.sql,
    async close() {
      await one.close();
      await two.close();
    },
  };
}

describe('consents and ended visits in PGlite', () => {
  visitStoresContract(async () => {
    const { sql } = await testDatabase();
    return { sql, other: sql, close: () => Promise.resolve() };
  });
});

describe('consents and ended visits in PostgreSQL', () => {
  visitStoresContract(twoConnections);
});

describe('the secret behind pairwise ids (P2.9)', () => {
  const [oldKey, newKey] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];

  it.each(['PGlite', 'PostgreSQL'])('is one for all replicas that start at once (%s)', async (engine) => {
    const { sql, other, close } =
      engine === 'PGlite'
        ? { ...(await testDatabase()), other: (await testDatabase()).sql, close: () => Promise.resolve() }
        : await twoConnections();
    const cipher = createAesKeyCipher([oldKey]);
    const starts = Array.from({ length: 10 }, (_, index) =>
      instanceSecret({ secrets: createSqlSecretStore(index % 2 === 0 ? sql : other), cipher }, 'a-secret'),
    );
    const secrets = await Promise.all(starts);
    expect(secrets[0]).toHaveLength(32);
    expect(new Set(secrets.map((secret) => secret.toString('hex'))).size).toBe(1);
    const [stored] = (await createSqlSecretStore(sql).list()).filter(({ name }) => name === 'a-secret');
    expect(JSON.stringify(stored)).not.toContain(secrets[0]!.toString('base64url'));
    await close();
  });

  it('stays the same when it is sealed under another key-encryption key', async () => {
    const { sql } = await testDatabase();
    const secrets = createSqlSecretStore(sql);
    await sql.deleteFrom('instance_secrets').execute();
    const before = await instanceSecret({ secrets, cipher: createAesKeyCipher([oldKey]) }, 'a-secret');
    const both = createAesKeyCipher([newKey, oldKey]);
    expect(await reencryptSecrets({ secrets, cipher: both })).toBe(1);
    expect(await reencryptSecrets({ secrets, cipher: both })).toBe(0);
    const alone = createAesKeyCipher([newKey]);
    expect(await instanceSecret({ secrets, cipher: alone }, 'a-secret')).toEqual(before);
    const lost = instanceSecret({ secrets, cipher: createAesKeyCipher([oldKey]) }, 'a-secret');
    await expect(lost).rejects.toThrow('KEY_ENCRYPTION_KEY');
  });

  it('does not open under another name', async () => {
    const { sql } = await testDatabase();
    const secrets = createSqlSecretStore(sql);
    const cipher = createAesKeyCipher([newKey]);
    await sql.deleteFrom('instance_secrets').execute();
    await instanceSecret({ secrets, cipher }, 'a-secret');
    await sql.updateTable('instance_secrets').set({ name: 'another' }).execute();
    await expect(instanceSecret({ secrets, cipher }, 'another')).rejects.toThrow();
  });
});
