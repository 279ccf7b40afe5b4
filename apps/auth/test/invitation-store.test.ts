import { describe, expect, it } from '@jest/globals';
import { startPostgresServer } from '@romm-netplay/testing';
import { openDatabase } from '../src/adapters/sql/database.js';
import { createSqlInvitationStore } from '../src/adapters/sql/sql-invitation-store.js';
import { createSqlIssuerRegistry } from '../src/adapters/sql/sql-issuer-registry.js';
import { draftOf } from './contracts/issuer-registry.contract.js';

describe('what limits an invitation (P2.7)', () => {
  it('holds between replicas over one PostgreSQL', async () => {
    const postgres = await startPostgresServer();
    const url = await postgres.createDatabase();
    const open = () => openDatabase({ url, dataDir: '', onError: () => undefined });
    const databases = await Promise.all([open(), open()]);
    const now = Date.now;
    const stores = databases.map(({ sql }) => createSqlInvitationStore(sql, { now }));
    const { pinned_keys: _, banned_players: _banned, ...terms } = draftOf();
    const of = (id: string) => ({
      id,
      secretHash: 'hash',
      terms,
      createdAtMs: now(),
      expiresAtMs: now() + 60_000,
    });
    const added = await Promise.all(Array.from({ length: 30 }, (_, i) => stores[i % 2]!.add(of(`i${i}`))));
    expect(added.filter(Boolean)).toHaveLength(20);
    const { id } = (await stores[0]!.list())[0]!;
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        stores[i % 2]!.redeem(id, draftOf({ issuer: `https://i${i}.example.org` })),
      ),
    );
    expect(outcomes.filter(({ outcome }) => outcome === 'registered')).toHaveLength(1);
    expect((await createSqlIssuerRegistry(databases[1].sql, { now }).list()).issuers).toHaveLength(1);
    await Promise.all(Array.from({ length: 20 }, (_, i) => stores[i % 2]!.attempt(id, () => false)));
    expect((await stores[1]!.list()).find((row) => row.id === id)?.wrongTries).toBe(5);
    expect(await stores[0]!.attempt(id, () => true)).toBeUndefined();
    await Promise.all(databases.map((database) => database.close()));
    await postgres.close();
  });
});
