import { type Kysely, type Migration, sql } from 'kysely';

/** Other instances that are registered here (P2.4), and invitations to become one (P2.7). */
export const federationRegistry: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('issuers')
      .addColumn('issuer', 'text', (column) => column.primaryKey())
      .addColumn('version', 'bigint', (column) => column.notNull())
      .addColumn('record', 'text', (column) => column.notNull())
      .execute();
    // One row, which whoever changes an issuer holds until the change is committed.
    await db.schema
      .createTable('issuer_registry')
      .addColumn('version', 'bigint', (column) => column.notNull())
      .execute();
    await sql`insert into issuer_registry (version) values (0)`.execute(db);
    await db.schema
      .createTable('invitations')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('secret_hash', 'text', (column) => column.notNull())
      .addColumn('terms', 'text', (column) => column.notNull())
      .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('expires_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('wrong_tries', 'integer', (column) => column.notNull())
      .addColumn('redeemed_by', 'text')
      .execute();
  },
  async down(db: Kysely<unknown>) {
    for (const table of ['invitations', 'issuer_registry', 'issuers']) {
      await db.schema.dropTable(table).execute();
    }
  },
};
