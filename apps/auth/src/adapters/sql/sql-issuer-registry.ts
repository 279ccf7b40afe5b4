import type { IssuerDraft } from '@romm-netplay/protocol';
import { MAX_ISSUERS } from '@romm-netplay/shared-state';
import { sql as raw, type Transaction } from 'kysely';
import type { IssuerPutOutcome, IssuerRegistry } from '../../federation/issuer-registry.js';
import type { Sql } from './database.js';
import type { Schema } from './schema.js';
import { orUnavailable } from './unavailable.js';

export interface SqlIssuerRegistryOptions {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export function createSqlIssuerRegistry(sql: Sql, { now }: SqlIssuerRegistryOptions): IssuerRegistry {
  const changing = <T>(change: (transaction: Transaction<Schema>) => Promise<T>) =>
    orUnavailable(() =>
      sql.transaction().execute(async (transaction) => {
        await lockIssuers(transaction);
        return change(transaction);
      }),
    );

  return {
    version: () => orUnavailable(async () => (await versionOf(sql).executeTakeFirstOrThrow()).version),

    list: () =>
      orUnavailable(async () => {
        // One statement, so that version and records are of the same moment.
        const rows = await sql
          .selectFrom('issuer_registry')
          .leftJoin('issuers', (join) => join.onTrue())
          .select(['issuer_registry.version as registry_version', 'issuers.version', 'issuers.record'])
          .orderBy('issuers.issuer')
          .execute();
        const issuers = rows.flatMap(({ version, record }) =>
          record === null || version === null ? [] : [{ ...(JSON.parse(record) as IssuerDraft), version }],
        );
        return { version: rows[0]?.registry_version ?? 0, issuers };
      }),

    put: (draft, expected) => changing((transaction) => putIssuer(transaction, draft, expected, now())),

    remove: (issuer, expected) =>
      changing(async (transaction) => {
        const { numDeletedRows } = await transaction
          .deleteFrom('issuers')
          .where('issuer', '=', issuer)
          .where('version', '=', expected)
          .executeTakeFirst();
        if (Number(numDeletedRows) === 0) return 'conflict';
        await nextVersion(transaction, now());
        return 'removed';
      }),

    overtake: (version) =>
      changing(async (transaction) => {
        const { version: held } = await versionOf(transaction).executeTakeFirstOrThrow();
        // Another replica may have done it.
        if (held <= version) await nextVersion(transaction, Math.max(version + 1, now()));
      }),
  };
}

const versionOf = (sql: Sql) => sql.selectFrom('issuer_registry').select('version');

/** Until the transaction ends nobody else changes issuers: all replicas number their changes in one row. */
export async function lockIssuers(transaction: Transaction<Schema>): Promise<void> {
  await versionOf(transaction).forUpdate().execute();
}

/** Stores an issuer; for a transaction that holds the lock. */
export async function putIssuer(
  transaction: Transaction<Schema>,
  draft: IssuerDraft,
  expected: number | undefined,
  nowMs: number,
): Promise<IssuerPutOutcome> {
  const held = await transaction
    .selectFrom('issuers')
    .select('version')
    .where('issuer', '=', draft.issuer)
    .executeTakeFirst();
  if (held?.version !== expected) return { outcome: 'conflict' };
  if (held === undefined) {
    const { count } = await transaction
      .selectFrom('issuers')
      .select((eb) => eb.fn.countAll().as('count'))
      .executeTakeFirstOrThrow();
    if (Number(count) >= MAX_ISSUERS) return { outcome: 'full' };
  }
  const version = await nextVersion(transaction, nowMs);
  const row = { version, record: JSON.stringify(draft) };
  await transaction
    .insertInto('issuers')
    .values({ issuer: draft.issuer, ...row })
    .onConflict((conflict) => conflict.column('issuer').doUpdateSet(row))
    .execute();
  return { outcome: 'stored', issuer: { ...draft, version } };
}

/** Not below the time: also a database that was lost and made anew gives no version twice. */
async function nextVersion(transaction: Transaction<Schema>, nowMs: number): Promise<number> {
  const { version } = await transaction
    .updateTable('issuer_registry')
    .set({ version: raw<number>`greatest(version + 1, ${nowMs}::bigint)` })
    .returning('version')
    .executeTakeFirstOrThrow();
  return version;
}
