import { type Selectable, sql as raw, type Transaction } from 'kysely';
import { type Consent, type ConsentStore, newGrantId } from '../../privacy/consent-store.js';
import type { Sql } from './database.js';
import type { Schema } from './schema.js';
import { orUnavailable } from './unavailable.js';

export function createSqlConsentStore(sql: Sql): ConsentStore {
  return {
    list: (sub) =>
      orUnavailable(async () => {
        const rows = await sql.selectFrom('consents').selectAll().where('sub', '=', sub).execute();
        return rows.map(fromRow);
      }),

    find: ({ sub, audience, sessionId }) =>
      orUnavailable(async () => {
        const row = await sql
          .selectFrom('consents')
          .selectAll()
          .select((eb) =>
            eb
              .exists(
                eb
                  .selectFrom('sessions')
                  .select('sessions.id')
                  .where('sessions.id', '=', sessionId ?? '')
                  .where('sessions.ended_at_ms', 'is', null),
              )
              .as('session_live'),
          )
          .where('sub', '=', sub)
          .where('audience', '=', audience)
          .executeTakeFirst();
        if (row === undefined) return undefined;
        return { ...fromRow(row), sessionEnded: sessionId !== undefined && row.session_live !== true };
      }),

    give: (consent) => orUnavailable(() => give(sql, consent)),

    withdraw: ({ sub, audience }, nowMs) =>
      orUnavailable(() =>
        sql.transaction().execute(async (transaction) => {
          const row = await transaction
            .deleteFrom('consents')
            .where('sub', '=', sub)
            .where('audience', '=', audience)
            .returning('grant_id')
            .executeTakeFirst();
          if (row === undefined) return false;
          await noteEnded(transaction, { grantId: row.grant_id, audience }, nowMs);
          return true;
        }),
      ),
  };
}

async function give(sql: Sql, consent: Consent): Promise<{ consent: Consent; isNew: boolean }> {
  const { sub, audience, version, givenAtMs, shares } = consent;
  for (;;) {
    const given = await sql
      .insertInto('consents')
      .values(toRow(consent))
      .onConflict((conflict) =>
        conflict
          .columns(['sub', 'audience'])
          .doUpdateSet({
            version: raw<number>`greatest(consents.version, ${version}::integer)`,
            given_at_ms: givenAtMs,
            shares,
          })
          .where((eb) =>
            eb.or([
              eb('consents.version', '<', version),
              eb.and([eb('consents.shares', '=', 'pairwise'), eb.val(shares === 'plain')]),
            ]),
          ),
      )
      .returningAll()
      .executeTakeFirst();
    if (given !== undefined) return { consent: fromRow(given), isNew: true };
    const held = await sql
      .selectFrom('consents')
      .selectAll()
      .where('sub', '=', sub)
      .where('audience', '=', audience)
      .executeTakeFirst();
    // Gone only if somebody has withdrawn it between the two statements.
    if (held !== undefined) return { consent: fromRow(held), isNew: false };
  }
}

/**
 * Ends what a player does at other instances, while the consents stay: each gets another grant. Part of the
 * transaction that ends the player's sessions, so that nothing can happen in between.
 */
export async function endVisits(transaction: Transaction<Schema>, sub: string, nowMs: number): Promise<void> {
  const held = await transaction
    .selectFrom('consents')
    .select(['audience', 'grant_id'])
    .where('sub', '=', sub)
    .orderBy('audience')
    .forUpdate()
    .execute();
  for (const { audience, grant_id: grantId } of held) {
    await noteEnded(transaction, { grantId, audience }, nowMs);
    await transaction
      .updateTable('consents')
      .set({ grant_id: newGrantId() })
      .where('sub', '=', sub)
      .where('audience', '=', audience)
      .execute();
  }
}

/**
 * Ends the consents of a player, whose identity goes to somebody else who has agreed to nothing. Part of the
 * transaction that gives it away.
 */
export async function endConsents(
  transaction: Transaction<Schema>,
  sub: string,
  nowMs: number,
): Promise<void> {
  const ended = await transaction
    .deleteFrom('consents')
    .where('sub', '=', sub)
    .returning(['audience', 'grant_id'])
    .execute();
  for (const { audience, grant_id: grantId } of ended) {
    await noteEnded(transaction, { grantId, audience }, nowMs);
  }
}

async function noteEnded(
  transaction: Transaction<Schema>,
  { grantId, audience }: { grantId: string; audience: string },
  nowMs: number,
): Promise<void> {
  await transaction
    .insertInto('ended_visits')
    .values({ grant_id: grantId, audience, ended_at_ms: nowMs, tries: 0, next_try_at_ms: nowMs })
    .execute();
}

const toRow = (consent: Consent): Selectable<Schema['consents']> => ({
  sub: consent.sub,
  audience: consent.audience,
  version: consent.version,
  given_at_ms: consent.givenAtMs,
  grant_id: consent.grantId,
  shares: consent.shares,
});

const fromRow = (row: Selectable<Schema['consents']>): Consent => ({
  sub: row.sub,
  audience: row.audience,
  version: row.version,
  givenAtMs: row.given_at_ms,
  grantId: row.grant_id,
  shares: row.shares,
});
