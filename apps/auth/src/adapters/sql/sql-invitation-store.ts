import type { IssuerDraft } from '@romm-netplay/protocol';
import type { Selectable, Transaction } from 'kysely';
import {
  type Invitation,
  type InvitationStore,
  MAX_OPEN_INVITATIONS,
  MAX_WRONG_TRIES,
  type RedeemOutcome,
} from '../../federation/invitation-store.js';
import { advisoryLock } from './advisory-lock.js';
import type { Sql } from './database.js';
import type { Schema } from './schema.js';
import { lockIssuers, putIssuer } from './sql-issuer-registry.js';
import { orUnavailable } from './unavailable.js';

export interface SqlInvitationStoreOptions {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export function createSqlInvitationStore(sql: Sql, { now }: SqlInvitationStoreOptions): InvitationStore {
  const inTransaction = <T>(work: (transaction: Transaction<Schema>) => Promise<T>) =>
    orUnavailable(() => sql.transaction().execute(work));

  return {
    add: ({ id, secretHash, terms, createdAtMs, expiresAtMs }) =>
      inTransaction(async (transaction) => {
        await advisoryLock(transaction, 'invitations');
        if ((await countOpen(transaction, createdAtMs)) >= MAX_OPEN_INVITATIONS) return false;
        const row = {
          id,
          secret_hash: secretHash,
          terms: JSON.stringify(terms),
          created_at_ms: createdAtMs,
          expires_at_ms: expiresAtMs,
          wrong_tries: 0,
          redeemed_by: null,
        };
        await transaction.insertInto('invitations').values(row).execute();
        return true;
      }),

    list: () =>
      orUnavailable(async () => {
        const rows = sql.selectFrom('invitations').selectAll().orderBy('created_at_ms', 'desc').orderBy('id');
        return (await rows.execute()).map(fromRow);
      }),

    remove: (id) =>
      orUnavailable(async () => {
        const { numDeletedRows } = await sql
          .deleteFrom('invitations')
          .where('id', '=', id)
          .executeTakeFirst();
        return Number(numDeletedRows) > 0;
      }),

    attempt: (id, isRight) =>
      inTransaction(async (transaction) => {
        const row = await lockInvitation(transaction, id);
        if (row === undefined || row.wrong_tries >= MAX_WRONG_TRIES) return undefined;
        if (isRight(row.secret_hash)) return fromRow(row);
        await transaction
          .updateTable('invitations')
          .set({ wrong_tries: row.wrong_tries + 1 })
          .where('id', '=', id)
          .execute();
        return undefined;
      }),

    redeem: (id, draft) => inTransaction((transaction) => redeem(transaction, id, draft, now())),

    purge: (beforeMs) =>
      orUnavailable(async () => {
        await sql.deleteFrom('invitations').where('expires_at_ms', '<', beforeMs).execute();
      }),
  };
}

async function redeem(
  transaction: Transaction<Schema>,
  id: string,
  draft: IssuerDraft,
  nowMs: number,
): Promise<RedeemOutcome> {
  await lockIssuers(transaction);
  const row = await lockInvitation(transaction, id);
  if (row === undefined) return { outcome: 'gone' };
  if (row.redeemed_by !== null) {
    const held = transaction.selectFrom('issuers').select('issuer').where('issuer', '=', draft.issuer);
    const isAgain = row.redeemed_by === draft.issuer && (await held.executeTakeFirst()) !== undefined;
    return { outcome: isAgain ? 'again' : 'used' };
  }
  const put = await putIssuer(transaction, draft, undefined, nowMs);
  if (put.outcome !== 'stored') return { outcome: put.outcome === 'full' ? 'full' : 'exists' };
  await transaction
    .updateTable('invitations')
    .set({ redeemed_by: draft.issuer })
    .where('id', '=', id)
    .execute();
  return { outcome: 'registered', issuer: put.issuer };
}

const lockInvitation = (transaction: Transaction<Schema>, id: string) =>
  transaction.selectFrom('invitations').selectAll().where('id', '=', id).forUpdate().executeTakeFirst();

async function countOpen(sql: Sql, nowMs: number): Promise<number> {
  const { count } = await sql
    .selectFrom('invitations')
    .select((eb) => eb.fn.countAll().as('count'))
    .where('expires_at_ms', '>', nowMs)
    .where('wrong_tries', '<', MAX_WRONG_TRIES)
    .where('redeemed_by', 'is', null)
    .executeTakeFirstOrThrow();
  return Number(count);
}

const fromRow = (row: Selectable<Schema['invitations']>): Invitation => ({
  id: row.id,
  secretHash: row.secret_hash,
  terms: JSON.parse(row.terms) as Invitation['terms'],
  createdAtMs: row.created_at_ms,
  expiresAtMs: row.expires_at_ms,
  wrongTries: row.wrong_tries,
  redeemedBy: row.redeemed_by,
});
