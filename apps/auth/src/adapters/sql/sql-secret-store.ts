import type { Selectable } from 'kysely';
import type { SecretStore, StoredSecret } from '../../keys/secret-store.js';
import type { Sql } from './database.js';
import type { Schema } from './schema.js';
import { orUnavailable } from './unavailable.js';

export function createSqlSecretStore(sql: Sql): SecretStore {
  return {
    list: () =>
      orUnavailable(async () =>
        (await sql.selectFrom('instance_secrets').selectAll().orderBy('name').execute()).map(fromRow),
      ),

    keep: (secret) =>
      orUnavailable(async () => {
        await sql
          .insertInto('instance_secrets')
          .values(toRow(secret))
          .onConflict((conflict) => conflict.column('name').doNothing())
          .execute();
        const held = sql.selectFrom('instance_secrets').selectAll().where('name', '=', secret.name);
        return fromRow(await held.executeTakeFirstOrThrow());
      }),

    replace: (held, resealed) =>
      orUnavailable(async () => {
        await sql
          .updateTable('instance_secrets')
          .set(toRow(resealed))
          .where('name', '=', held.name)
          .where('sealed_secret', '=', held.sealedSecret)
          .execute();
      }),
  };
}

const toRow = (secret: StoredSecret): Selectable<Schema['instance_secrets']> => ({
  name: secret.name,
  sealed_secret: secret.sealedSecret,
  encryption_key_id: secret.encryptionKeyId,
});

const fromRow = (row: Selectable<Schema['instance_secrets']>): StoredSecret => ({
  name: row.name,
  sealedSecret: row.sealed_secret,
  encryptionKeyId: row.encryption_key_id,
});
