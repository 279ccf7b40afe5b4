import type { PublicJwk } from '@romm-netplay/token-core';
import type { Selectable, Transaction } from 'kysely';
import type { KeyStore, KeyStoreTransaction, StoredKey } from '../../keys/key-store.js';
import { advisoryLock } from './advisory-lock.js';
import type { Sql } from './database.js';
import type { Schema } from './schema.js';
import { orUnavailable } from './unavailable.js';

export function createSqlKeyStore(sql: Sql): KeyStore {
  return {
    list: () => orUnavailable(() => listKeys(sql)),
    exclusively: (work) =>
      orUnavailable(() =>
        sql.transaction().execute(async (transaction) => {
          await advisoryLock(transaction, 'signing-keys');
          return work(inTransaction(transaction));
        }),
      ),
  };
}

function inTransaction(sql: Transaction<Schema>): KeyStoreTransaction {
  return {
    list: () => listKeys(sql),
    async insert(key) {
      await sql.insertInto('signing_keys').values(toRow(key)).execute();
    },
    async update(kid, changes) {
      const [current] = (await listKeys(sql)).filter((key) => key.kid === kid);
      if (current === undefined) return;
      await sql
        .updateTable('signing_keys')
        .set(toRow({ ...current, ...changes }))
        .where('kid', '=', kid)
        .execute();
    },
    async remove(kid) {
      await sql.deleteFrom('signing_keys').where('kid', '=', kid).execute();
    },
  };
}

const listKeys = async (sql: Sql): Promise<StoredKey[]> =>
  (await sql.selectFrom('signing_keys').selectAll().orderBy('signs_from_ms').execute()).map(fromRow);

const toRow = (key: StoredKey): Selectable<Schema['signing_keys']> => ({
  kid: key.kid,
  alg: key.alg,
  public_jwk: JSON.stringify(key.publicJwk),
  sealed_private_key: key.sealedPrivateKey,
  encryption_key_id: key.encryptionKeyId,
  created_at_ms: key.createdAtMs,
  signs_from_ms: key.signsFromMs,
  withdrawn_at_ms: key.withdrawnAtMs,
});

const fromRow = (row: Selectable<Schema['signing_keys']>): StoredKey => ({
  kid: row.kid,
  alg: row.alg,
  publicJwk: JSON.parse(row.public_jwk) as PublicJwk,
  sealedPrivateKey: row.sealed_private_key,
  encryptionKeyId: row.encryption_key_id,
  createdAtMs: row.created_at_ms,
  signsFromMs: row.signs_from_ms,
  withdrawnAtMs: row.withdrawn_at_ms,
});
