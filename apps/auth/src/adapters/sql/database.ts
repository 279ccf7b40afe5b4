import { setTimeout } from 'node:timers/promises';
import { ComponentTrouble, StartError } from '@romm-netplay/service-kit';
import { Kysely, type Migration, Migrator, PostgresDialect } from 'kysely';
import pg from 'pg';
import { INT8_OID } from './int8.js';
import { signingKeys } from './migrations/0001-signing-keys.js';
import { accountsAndSessions } from './migrations/0002-accounts-and-sessions.js';
import { federationRegistry } from './migrations/0003-federation-registry.js';
import { visits } from './migrations/0004-visits.js';
import { consentShares } from './migrations/0005-consent-shares.js';
import type { Schema } from './schema.js';
import { databaseTroubleIn, databaseTroubleOf } from './trouble.js';
import { isUnavailable, orUnavailable } from './unavailable.js';

export type Sql = Kysely<Schema>;

export interface Database {
  readonly sql: Sql;
  /** Round-trip time in milliseconds. */
  ping(): Promise<number>;
  close(): Promise<void>;
}

export interface DatabaseOptions {
  /** postgres:// URL; undefined: PGlite in `dataDir`. */
  readonly url: string | undefined;
  readonly dataDir: string;
  /** How long to wait for another process to let go of PGlite's files; a killed one does within 10 s. */
  readonly lockWaitSeconds?: number;
  /** How long a PostgreSQL that is not up yet is waited for; databases often start together with us. */
  readonly startWaitSeconds?: number;
  /** Told once, with why, when that is so. */
  readonly onWaiting?: (error: unknown) => void;
  /** Told of errors of idle connections, for the log. */
  readonly onError: (error: Error) => void;
}

const MAX_CONNECTIONS = 10;
const CONNECT_TIMEOUT_MS = 2_000;
/** No statement here takes long; a frozen server must not hold requests. */
const QUERY_TIMEOUT_MS = 5_000;
const RETRY_MS = 500;

const MIGRATIONS: Record<string, Migration> = {
  '0001-signing-keys': signingKeys,
  '0002-accounts-and-sessions': accountsAndSessions,
  '0003-federation-registry': federationRegistry,
  '0004-visits': visits,
  '0005-consent-shares': consentShares,
};

/** Opens the issuer's database and brings its schema up to date, under a lock that replicas share (P4.2). */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const { sql, close } =
    options.url === undefined ? await openEmbedded(options) : openPostgres(options.url, options);
  try {
    await (options.url === undefined ? migrate(sql, 'latest') : migrateWhenUp(sql, options));
  } catch (error) {
    await close();
    const trouble = options.url === undefined ? undefined : databaseTroubleOf((error as Error).cause);
    throw trouble === undefined ? error : new StartError(trouble.message, { cause: error });
  }
  return {
    sql,
    async ping() {
      const startedAt = performance.now();
      await orUnavailable(() => sql.selectNoFrom((eb) => eb.lit(1).as('one')).execute()).catch(
        rethrowTrouble,
      );
      return performance.now() - startedAt;
    },
    close,
  };
}

/** For readiness, which says it to anybody. @throws ComponentTrouble, or what it was given */
function rethrowTrouble(error: unknown): never {
  const trouble = databaseTroubleIn(error);
  throw trouble === undefined ? error : new ComponentTrouble(trouble.code, trouble.message, { cause: error });
}

async function migrateWhenUp(
  sql: Sql,
  { startWaitSeconds = 120, onWaiting = () => undefined }: DatabaseOptions,
): Promise<void> {
  const deadline = performance.now() + startWaitSeconds * 1000;
  for (let tries = 1; ; tries += 1) {
    try {
      await migrate(sql, 'latest');
      return;
    } catch (error) {
      const { cause } = error as Error;
      if (!isUnavailable(cause) || performance.now() > deadline) throw error;
      if (tries === 1) onWaiting(cause);
      await setTimeout(RETRY_MS);
    }
  }
}

/** Runs the migrations that are missing, or undoes all of them. */
export async function migrate(sql: Sql, direction: 'latest' | 'none'): Promise<void> {
  const migrator = new Migrator({ db: sql, provider: { getMigrations: () => Promise.resolve(MIGRATIONS) } });
  if (direction === 'latest') {
    const { error } = await migrator.migrateToLatest();
    if (error !== undefined)
      throw new Error('The database schema could not be brought up to date.', { cause: error });
    return;
  }
  for (const _ of Object.keys(MIGRATIONS)) {
    const { error } = await migrator.migrateDown();
    if (error !== undefined)
      throw new Error('The database schema could not be taken back.', { cause: error });
  }
}

/** Whoever has PostgreSQL need not load another. */
async function openEmbedded(options: DatabaseOptions): Promise<Pick<Database, 'sql' | 'close'>> {
  const { openPglite } = await import('./pglite-database.js');
  return openPglite(options);
}

function openPostgres(url: string, { onError }: DatabaseOptions): Pick<Database, 'sql' | 'close'> {
  const parserOf = pg.types.getTypeParser as (oid: number, format?: string) => unknown;
  const types = {
    getTypeParser: (oid: number, format?: string) => (oid === INT8_OID ? Number : parserOf(oid, format)),
  };
  const pool = new pg.Pool({
    connectionString: url,
    max: MAX_CONNECTIONS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: QUERY_TIMEOUT_MS,
    types: types,
  });
  pool.on('error', onError);
  // The pool listens to idle clients only; an error of one in use would end the process.
  pool.on('connect', (client) => client.on('error', onError));
  const sql: Sql = new Kysely({ dialect: new PostgresDialect({ pool }) });
  return { sql, close: () => sql.destroy() };
}
