import { type Kysely, type Migration, sql } from 'kysely';

/** Accounts of this instance (S4), sessions with their refresh tokens (S1), and who holds which identity. */
export const accountsAndSessions: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('accounts')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('username', 'text', (column) => column.notNull())
      .addColumn('username_key', 'text', (column) => column.notNull().unique())
      .addColumn('password_hash', 'text', (column) => column.notNull())
      .addColumn('role', 'text', (column) => column.notNull())
      .addColumn('enabled', 'boolean', (column) => column.notNull())
      .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
      .execute();
    await db.schema
      .createTable('setup_codes')
      .addColumn('code_hash', 'text', (column) => column.primaryKey())
      .addColumn('expires_at_ms', 'bigint', (column) => column.notNull())
      .execute();
    await createSessions(db);
    await db.schema
      .createTable('held_identities')
      .addColumn('sub', 'text', (column) => column.primaryKey())
      .addColumn('provider', 'text', (column) => column.notNull())
      .addColumn('external_id', 'text', (column) => column.notNull())
      .addColumn('last_seen_at_ms', 'bigint', (column) => column.notNull())
      .execute();
  },
  async down(db: Kysely<unknown>) {
    for (const table of ['held_identities', 'refresh_tokens', 'sessions', 'setup_codes', 'accounts']) {
      await db.schema.dropTable(table).execute();
    }
  },
};

async function createSessions(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('sessions')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('sub', 'text', (column) => column.notNull())
    .addColumn('provider', 'text', (column) => column.notNull())
    .addColumn('netplay_username', 'text', (column) => column.notNull())
    .addColumn('role', 'text', (column) => column.notNull())
    .addColumn('device', 'text', (column) => column.notNull())
    .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('last_used_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('expires_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('ended_at_ms', 'bigint')
    .addColumn('end_reason', 'text')
    .addColumn('announced', 'boolean', (column) => column.notNull())
    .execute();
  await db.schema.createIndex('sessions_of_player').on('sessions').column('sub').execute();
  // Nearly always empty, however many sessions there are.
  await sql`create index sessions_unannounced on sessions (ended_at_ms) where announced = false`.execute(db);
  await db.schema
    .createTable('refresh_tokens')
    .addColumn('hash', 'text', (column) => column.primaryKey())
    .addColumn('session_id', 'text', (column) =>
      column.notNull().references('sessions.id').onDelete('cascade'),
    )
    .addColumn('expires_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('rotated_at_ms', 'bigint')
    .addColumn('successor_salt', 'text')
    .execute();
  await db.schema
    .createIndex('refresh_tokens_of_session')
    .on('refresh_tokens')
    .column('session_id')
    .execute();
}
