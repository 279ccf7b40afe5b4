import type { Selectable } from 'kysely';
import type { Account, AccountChanges, AccountStore } from '../../accounts/account-store.js';
import { usernameKey } from '../../accounts/username-key.js';
import { AuthError } from '../../errors.js';
import { advisoryLock } from './advisory-lock.js';
import type { Sql } from './database.js';
import type { Schema } from './schema.js';
import { orUnavailable } from './unavailable.js';

export function createSqlAccountStore(sql: Sql): AccountStore {
  const find = (column: 'id' | 'username_key', value: string) =>
    orUnavailable(async () => {
      const row = await sql.selectFrom('accounts').selectAll().where(column, '=', value).executeTakeFirst();
      return row === undefined ? undefined : fromRow(row);
    });

  return {
    list: () =>
      orUnavailable(async () =>
        (await sql.selectFrom('accounts').selectAll().orderBy('username_key').execute()).map(fromRow),
      ),
    findByName: (username) => find('username_key', usernameKey(username)),
    findById: (id) => find('id', id),
    insert: (account) => orUnavailable(() => insert(sql, account)),

    update: (id, changes) =>
      orUnavailable(() =>
        sql.transaction().execute(async (transaction) => {
          await advisoryLock(transaction, 'accounts');
          await transaction.updateTable('accounts').set(toColumns(changes)).where('id', '=', id).execute();
          const demotes = changes.enabled === false || changes.role === 'player';
          if (demotes && !(await hasEnabledAdmin(transaction))) throw new AuthError('last_admin');
        }),
      ),

    remove: (id) =>
      orUnavailable(() =>
        sql.transaction().execute(async (transaction) => {
          await advisoryLock(transaction, 'accounts');
          const hadAdmin = await hasEnabledAdmin(transaction);
          await transaction.deleteFrom('accounts').where('id', '=', id).execute();
          if (hadAdmin && !(await hasEnabledAdmin(transaction))) throw new AuthError('last_admin');
        }),
      ),

    hasAdmin: () => orUnavailable(() => hasEnabledAdmin(sql)),

    addSetupCode: (codeHash, expiresAtMs) =>
      orUnavailable(async () => {
        const values = { code_hash: codeHash, expires_at_ms: expiresAtMs };
        await sql.insertInto('setup_codes').values(values).execute();
      }),

    useSetupCode: (codeHash, admin, nowMs) =>
      orUnavailable(() =>
        sql.transaction().execute(async (transaction) => {
          await advisoryLock(transaction, 'accounts');
          if (await hasEnabledAdmin(transaction)) return false;
          const code = await transaction
            .selectFrom('setup_codes')
            .select('code_hash')
            .where('code_hash', '=', codeHash)
            .where('expires_at_ms', '>', nowMs)
            .executeTakeFirst();
          if (code === undefined) return false;
          await insert(transaction, admin);
          await transaction.deleteFrom('setup_codes').execute();
          return true;
        }),
      ),
  };
}

async function insert(sql: Sql, account: Account): Promise<void> {
  const { numInsertedOrUpdatedRows } = await sql
    .insertInto('accounts')
    .values(toRow(account))
    .onConflict((conflict) => conflict.column('username_key').doNothing())
    .executeTakeFirst();
  if (Number(numInsertedOrUpdatedRows) === 0) throw new AuthError('username_taken');
}

async function hasEnabledAdmin(sql: Sql): Promise<boolean> {
  const admin = await sql
    .selectFrom('accounts')
    .select('id')
    .where('role', '=', 'admin')
    .where('enabled', '=', true)
    .limit(1)
    .executeTakeFirst();
  return admin !== undefined;
}

const toColumns = ({ passwordHash, role, enabled }: AccountChanges) => ({
  ...(passwordHash !== undefined && { password_hash: passwordHash }),
  ...(role !== undefined && { role }),
  ...(enabled !== undefined && { enabled }),
});

const toRow = (account: Account): Selectable<Schema['accounts']> => ({
  id: account.id,
  username: account.username,
  username_key: usernameKey(account.username),
  password_hash: account.passwordHash,
  role: account.role,
  enabled: account.enabled,
  created_at_ms: account.createdAtMs,
});

const fromRow = (row: Selectable<Schema['accounts']>): Account => ({
  id: row.id,
  username: row.username,
  passwordHash: row.password_hash,
  role: row.role,
  enabled: row.enabled,
  createdAtMs: row.created_at_ms,
});
