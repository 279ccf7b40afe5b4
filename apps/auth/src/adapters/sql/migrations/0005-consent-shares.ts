import type { Kysely, Migration } from 'kysely';

/** Which id a player agreed to show (P3.8). Whoever agreed before is asked again where it is the own one. */
export const consentShares: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .alterTable('consents')
      .addColumn('shares', 'text', (column) => column.notNull().defaultTo('pairwise'))
      .execute();
  },
  async down(db: Kysely<unknown>) {
    await db.schema.alterTable('consents').dropColumn('shares').execute();
  },
};
