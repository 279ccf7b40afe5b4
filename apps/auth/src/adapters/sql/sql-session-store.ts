import type { Selectable, Transaction } from 'kysely';
import type {
  EndReason,
  Session,
  SessionFilter,
  SessionStore,
  SessionTransaction,
  StoredRefreshToken,
} from '../../sessions/session-store.js';
import type { Sql } from './database.js';
import type { Schema } from './schema.js';
import { endVisits } from './sql-consent-store.js';
import { orUnavailable } from './unavailable.js';

export function createSqlSessionStore(sql: Sql): SessionStore {
  return {
    create: (session, token, maxLive) =>
      orUnavailable(() =>
        sql.transaction().execute(async (transaction) => {
          await transaction
            .insertInto('sessions')
            .values({ ...toRow(session), announced: true })
            .execute();
          await insertToken(transaction, token);
          return { ended: await endOldest(transaction, session, maxLive) };
        }),
      ),

    withSessionOf: (tokenHash, work) =>
      orUnavailable(() =>
        sql.transaction().execute(async (transaction) => {
          const row = await lockSessionOf(transaction, tokenHash);
          return row === undefined ? undefined : work(inTransaction(transaction, fromRow(row)));
        }),
      ),

    listLive: (sub, nowMs) =>
      orUnavailable(async () => {
        const rows = await live(sql, sub, nowMs).execute();
        return rows.map(fromRow);
      }),

    end: (which, reason, nowMs) =>
      orUnavailable(() =>
        sql.transaction().execute(async (transaction) => {
          const { numUpdatedRows } = await ending(transaction, which, nowMs)
            .set({ ended_at_ms: nowMs, end_reason: reason, announced: false })
            .executeTakeFirst();
          if (which.id === undefined || !ENDED_BY_CHOICE.includes(reason)) {
            await endVisits(transaction, which.sub, nowMs);
          }
          return Number(numUpdatedRows);
        }),
      ),

    listUnannounced: (limit) =>
      orUnavailable(async () => {
        const unannounced = sql.selectFrom('sessions').select('id').where('announced', '=', false);
        const rows = await unannounced.orderBy('ended_at_ms').limit(limit).execute();
        return rows.map(({ id }) => id);
      }),

    reannounce: (sinceMs) =>
      orUnavailable(async () => {
        await sql
          .updateTable('sessions')
          .set({ announced: false })
          .where('ended_at_ms', '>', sinceMs)
          .execute();
      }),

    markAnnounced: (ids) =>
      orUnavailable(async () => {
        await sql
          .updateTable('sessions')
          .set({ announced: true })
          .where('id', 'in', [...ids])
          .execute();
      }),

    purge: (beforeMs) =>
      orUnavailable(async () => {
        await sql.deleteFrom('refresh_tokens').where('expires_at_ms', '<', beforeMs).execute();
        const { numDeletedRows } = await sql
          .deleteFrom('sessions')
          .where('announced', '=', true)
          .where((eb) => eb.or([eb('ended_at_ms', '<', beforeMs), eb('expires_at_ms', '<', beforeMs)]))
          .executeTakeFirst();
        return Number(numDeletedRows);
      }),
  };
}

/** One session that ends so says nothing of the player's others, nor of visits, which belong to no session. */
const ENDED_BY_CHOICE: readonly EndReason[] = ['signed_out', 'revoked'];

/** The session of a token, locked: whoever else works on the family waits for this transaction. */
async function lockSessionOf(transaction: Transaction<Schema>, tokenHash: string) {
  return transaction
    .selectFrom('sessions')
    .selectAll('sessions')
    .where('id', '=', (eb) =>
      eb.selectFrom('refresh_tokens').select('session_id').where('hash', '=', tokenHash),
    )
    .forUpdate()
    .executeTakeFirst();
}

function inTransaction(transaction: Transaction<Schema>, session: Session): SessionTransaction {
  const own = () => transaction.updateTable('sessions').where('id', '=', session.id);
  return {
    session,
    async findToken(hash) {
      const row = await transaction
        .selectFrom('refresh_tokens')
        .selectAll()
        .where('hash', '=', hash)
        .executeTakeFirst();
      return row === undefined ? undefined : fromTokenRow(row);
    },
    async rotate({ hash, rotatedAtMs, successorSalt }, next) {
      await transaction
        .updateTable('refresh_tokens')
        .set({ rotated_at_ms: rotatedAtMs, successor_salt: successorSalt })
        .where('hash', '=', hash)
        .execute();
      await insertToken(transaction, next);
    },
    async update({ netplayUsername, role, lastUsedAtMs, expiresAtMs }) {
      await own()
        .set({
          ...(netplayUsername !== undefined && { netplay_username: netplayUsername }),
          ...(role !== undefined && { role }),
          ...(lastUsedAtMs !== undefined && { last_used_at_ms: lastUsedAtMs }),
          ...(expiresAtMs !== undefined && { expires_at_ms: expiresAtMs }),
        })
        .execute();
    },
    async end(reason, nowMs) {
      await own().set({ ended_at_ms: nowMs, end_reason: reason, announced: false }).execute();
      await endVisits(transaction, session.sub, nowMs);
    },
  };
}

const insertToken = (sql: Sql, token: StoredRefreshToken) =>
  sql
    .insertInto('refresh_tokens')
    .values({
      hash: token.hash,
      session_id: token.sessionId,
      expires_at_ms: token.expiresAtMs,
      rotated_at_ms: token.rotatedAtMs,
      successor_salt: token.successorSalt,
    })
    .execute();

const live = (sql: Sql, sub: string, nowMs: number) =>
  sql
    .selectFrom('sessions')
    .selectAll()
    .where('sub', '=', sub)
    .where('ended_at_ms', 'is', null)
    .where('expires_at_ms', '>', nowMs)
    .orderBy('last_used_at_ms', 'desc');

function ending(sql: Sql, { sub, id, exceptId }: SessionFilter, nowMs: number) {
  let which = sql
    .updateTable('sessions')
    .where('sub', '=', sub)
    .where('ended_at_ms', 'is', null)
    .where('expires_at_ms', '>', nowMs);
  if (id !== undefined) which = which.where('id', '=', id);
  if (exceptId !== undefined) which = which.where('id', '!=', exceptId);
  return which;
}

async function endOldest(
  sql: Transaction<Schema>,
  { sub, createdAtMs }: Session,
  maxLive: number,
): Promise<number> {
  const surplus = await live(sql, sub, createdAtMs).offset(maxLive).execute();
  for (const { id } of surplus) {
    await ending(sql, { sub, id }, createdAtMs)
      .set({ ended_at_ms: createdAtMs, end_reason: 'revoked', announced: false })
      .execute();
  }
  return surplus.length;
}

const toRow = (session: Session): Omit<Selectable<Schema['sessions']>, 'announced'> => ({
  id: session.id,
  sub: session.sub,
  provider: session.provider,
  netplay_username: session.netplayUsername,
  role: session.role,
  device: session.device,
  created_at_ms: session.createdAtMs,
  last_used_at_ms: session.lastUsedAtMs,
  expires_at_ms: session.expiresAtMs,
  ended_at_ms: session.endedAtMs,
  end_reason: session.endReason,
});

const fromRow = (row: Selectable<Schema['sessions']>): Session => ({
  id: row.id,
  sub: row.sub,
  provider: row.provider,
  netplayUsername: row.netplay_username,
  role: row.role,
  device: row.device,
  createdAtMs: row.created_at_ms,
  lastUsedAtMs: row.last_used_at_ms,
  expiresAtMs: row.expires_at_ms,
  endedAtMs: row.ended_at_ms,
  endReason: row.end_reason,
});

const fromTokenRow = (row: Selectable<Schema['refresh_tokens']>): StoredRefreshToken => ({
  hash: row.hash,
  sessionId: row.session_id,
  expiresAtMs: row.expires_at_ms,
  rotatedAtMs: row.rotated_at_ms,
  successorSalt: row.successor_salt,
});
