import type { PGlite, Transaction } from '@electric-sql/pglite';
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
} from 'kysely';

/**
 * Kysely over PGlite: PostgreSQL's own dialect with another driver. PGlite has one session, so whoever
 * holds the connection holds the database; `acquireConnection` waits its turn.
 */
export const pgliteDialect = (pglite: PGlite): Dialect => ({
  createAdapter: () => new PostgresAdapter(),
  createDriver: () => createDriver(pglite),
  createIntrospector: (db) => new PostgresIntrospector(db),
  createQueryCompiler: () => new PostgresQueryCompiler(),
});

function createDriver(pglite: PGlite): Driver {
  let turn: Promise<void> = Promise.resolve();
  const releases = new WeakMap<DatabaseConnection, () => void>();
  const execute = (connection: DatabaseConnection, sql: string) =>
    connection.executeQuery({ sql, parameters: [] } as unknown as CompiledQuery).then(() => undefined);

  return {
    init: () => pglite.waitReady,
    async acquireConnection() {
      const before = turn;
      let release = (): void => undefined;
      turn = new Promise((resolve) => {
        release = resolve;
      });
      await before;
      const connection = createConnection(pglite);
      releases.set(connection, release);
      return connection;
    },
    beginTransaction: (connection) => execute(connection, 'begin'),
    commitTransaction: (connection) => execute(connection, 'commit'),
    rollbackTransaction: (connection) => execute(connection, 'rollback'),
    releaseConnection(connection) {
      releases.get(connection)?.();
      return Promise.resolve();
    },
    destroy: () => pglite.close(),
  };
}

function createConnection(pglite: Pick<Transaction, 'query'>): DatabaseConnection {
  return {
    async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
      const { rows, affectedRows } = await pglite.query<R>(sql, [...parameters]);
      return { rows, numAffectedRows: BigInt(affectedRows ?? 0) };
    },
    // eslint-disable-next-line require-yield -- the interface asks for a generator; nothing here streams
    async *streamQuery() {
      await Promise.reject(new Error('PGlite answers whole results only.'));
    },
  };
}
