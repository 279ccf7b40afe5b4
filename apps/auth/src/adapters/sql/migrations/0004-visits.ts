import type { Kysely, Migration } from 'kysely';

/** What players agreed to (P3.8), which of their visits other instances must end, and secrets of this one. */
export const visits: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('consents')
      .addColumn('sub', 'text', (column) => column.notNull())
      .addColumn('audience', 'text', (column) => column.notNull())
      .addColumn('version', 'integer', (column) => column.notNull())
      .addColumn('given_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('grant_id', 'text', (column) => column.notNull().unique())
      .addPrimaryKeyConstraint('consents_key', ['sub', 'audience'])
      .execute();
    await db.schema
      .createTable('ended_visits')
      .addColumn('grant_id', 'text', (column) => column.primaryKey())
      .addColumn('audience', 'text', (column) => column.notNull())
      .addColumn('ended_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('tries', 'integer', (column) => column.notNull())
      .addColumn('next_try_at_ms', 'bigint', (column) => column.notNull())
      .execute();
    await db.schema
      .createIndex('ended_visits_of_instance')
      .on('ended_visits')
      .columns(['audience', 'next_try_at_ms'])
      .execute();
    await db.schema
      .createTable('instance_secrets')
      .addColumn('name', 'text', (column) => column.primaryKey())
      .addColumn('sealed_secret', 'text', (column) => column.notNull())
      .addColumn('encryption_key_id', 'text', (column) => column.notNull())
      .execute();
  },
  async down(db: Kysely<unknown>) {
    for (const table of ['instance_secrets', 'ended_visits', 'consents']) {
      await db.schema.dropTable(table).execute();
    }
  },
};
