import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createMemoryRevocationLog } from '@romm-netplay/shared-state';
import { type PostgresServer, startPostgresServer } from '@romm-netplay/testing';
import { type Database, openDatabase } from '../src/adapters/sql/database.js';
import { createSqlHeldIdentityStore } from '../src/adapters/sql/sql-held-identity-store.js';
import { createSqlSessionStore } from '../src/adapters/sql/sql-session-store.js';
import { announceEnded } from '../src/sessions/announce-ended.js';
import { beginSession } from '../src/sessions/begin-session.js';
import { sessionStoreContract } from './contracts/session-store.contract.js';
import { closeTestDatabase, testDatabase } from './support/database.js';

const onError = () => undefined;
const now = Date.now;
const identity = { sub: 'ada', netplayUsername: 'Ada', role: 'player', externalId: '1' } as const;

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgresServer();
});
afterAll(() => server.close());
afterAll(closeTestDatabase);

const openPostgres = async (url?: string): Promise<Database> =>
  openDatabase({ url: url ?? (await server.createDatabase()), dataDir: '', onError });

describe('SessionStore in PGlite', () => {
  sessionStoreContract(async () => {
    const { sql } = await testDatabase();
    return {
      store: createSqlSessionStore(sql),
      other: createSqlSessionStore(sql),
      close: () => Promise.resolve(),
    };
  });
});

describe('SessionStore in PostgreSQL', () => {
  sessionStoreContract(async () => {
    const url = await server.createDatabase();
    const [one, two] = [await openPostgres(url), await openPostgres(url)];
    return {
      store: createSqlSessionStore(one.sql),
      other: createSqlSessionStore(two.sql),
      async close() {
        await one.close();
        await two.close();
      },
    };
  });

  it('says database_unavailable while the server is away, and works again by itself', async () => {
    const database = await openPostgres();
    const store = createSqlSessionStore(database.sql);
    await server.kill();
    await expect(store.listLive('ada', now())).rejects.toMatchObject({ code: 'database_unavailable' });
    await server.restart();
    await expect(store.listLive('ada', now())).resolves.toEqual([]);
    await database.close();
  });
});

describe('announcing ended sessions (P3.7)', () => {
  const audience = 'https://games.example.org';

  it('finds what a replica ended before it was killed', async () => {
    const database = await openPostgres();
    const sessions = createSqlSessionStore(database.sql);
    const { session } = await beginSession(
      { sessions, now, onEnded: () => undefined },
      { identity, provider: 'dev', device: undefined },
    );
    await sessions.end({ sub: 'ada' }, 'signed_out', now());
    // Here the replica dies. Another one comes by:
    const revocationLog = createMemoryRevocationLog();
    await announceEnded({ sessions, revocationLog, audience });
    expect((await revocationLog.readAfter(undefined)).sessionRefs).toEqual([`${audience} ${session.id}`]);
    await announceEnded({ sessions, revocationLog, audience });
    expect((await revocationLog.readAfter(undefined)).sessionRefs).toHaveLength(1);
    await database.close();
  });

  it('announces again what it could not note as announced: twice is harmless, never is not', async () => {
    const database = await openPostgres();
    const sessions = createSqlSessionStore(database.sql);
    const { session } = await beginSession(
      { sessions, now, onEnded: () => undefined },
      { identity, provider: 'dev', device: undefined },
    );
    await sessions.end({ sub: 'ada' }, 'signed_out', now());
    const revocationLog = createMemoryRevocationLog();
    const killed = { ...sessions, markAnnounced: () => Promise.reject(new Error('killed')) };
    await expect(announceEnded({ sessions: killed, revocationLog, audience })).rejects.toThrow('killed');
    await announceEnded({ sessions, revocationLog, audience });
    expect((await revocationLog.readAfter(undefined)).sessionRefs).toEqual(
      Array.from({ length: 2 }, () => `${audience} ${session.id}`),
    );
    await database.close();
  });
});

describe('who holds an identity (D5)', () => {
  it.each(['PGlite', 'PostgreSQL'])(
    'is decided once, whoever comes at the same time (%s)',
    async (engine) => {
      const database = engine === 'PGlite' ? await testDatabase() : await openPostgres();
      const store = createSqlHeldIdentityStore(database.sql);
      const sub = randomUUID();
      const hold = (externalId: string, nowMs = 1_000, heldSinceMs = 0) =>
        store.hold({ sub, provider: 'romm', externalId }, { nowMs, heldSinceMs });
      const first = await Promise.all(['1', '2', '3', '4'].map((id) => hold(id)));
      expect(first.filter(Boolean)).toHaveLength(1);
      const holder = String(first.indexOf(true) + 1);
      const rival = holder === '1' ? '2' : '1';
      expect(await hold(holder)).toBe(true);
      expect(await hold(rival, 2_000, 999)).toBe(false);
      expect(await hold(rival, 3_000, 1_001)).toBe(true);
      expect(await hold(holder, 3_001, 0)).toBe(false);
      expect(await store.release(sub, 3_002)).toBe(true);
      expect(await store.release(sub, 3_002)).toBe(false);
      expect(await hold(holder)).toBe(true);
      if (engine === 'PostgreSQL') await database.close();
    },
  );
});
