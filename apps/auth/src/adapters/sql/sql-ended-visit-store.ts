import type { ExpressionBuilder } from 'kysely';
import type { EndedVisitStore } from '../../federation/visits/ended-visit-store.js';
import type { Sql } from './database.js';
import type { Schema } from './schema.js';
import { orUnavailable } from './unavailable.js';

/** Nobody waits for longer; a time beyond that is of a clock that ran ahead. */
const LONGEST_WAIT_MS = 3_600_000;

const isDue = (nowMs: number) => (eb: ExpressionBuilder<Schema, 'ended_visits'>) =>
  eb.or([eb('next_try_at_ms', '<=', nowMs), eb('next_try_at_ms', '>', nowMs + LONGEST_WAIT_MS)]);

export function createSqlEndedVisitStore(sql: Sql): EndedVisitStore {
  return {
    listDue: (nowMs) =>
      orUnavailable(() =>
        sql
          .selectFrom('ended_visits')
          .select(['audience', (eb) => eb.fn.max('tries').as('tries')])
          .where(isDue(nowMs))
          .groupBy('audience')
          .execute(),
      ),

    take: (audience, { nowMs, nextTryAtMs, limit }) =>
      orUnavailable(async () => {
        const rows = await sql
          .updateTable('ended_visits')
          .set((eb) => ({ next_try_at_ms: nextTryAtMs, tries: eb('tries', '+', 1) }))
          .where('grant_id', 'in', (eb) =>
            eb
              .selectFrom('ended_visits')
              .select('grant_id')
              .where('audience', '=', audience)
              .where(isDue(nowMs))
              .orderBy('ended_at_ms')
              .limit(limit),
          )
          // Looked at once more for each row that another replica has just taken.
          .where(isDue(nowMs))
          .returning('grant_id')
          .execute();
        return rows.map(({ grant_id: grantId }) => grantId);
      }),

    told: (audience, grantIds, nowMs) =>
      orUnavailable(async () => {
        await sql
          .deleteFrom('ended_visits')
          .where('grant_id', 'in', [...grantIds])
          .execute();
        await sql
          .updateTable('ended_visits')
          .set({ next_try_at_ms: nowMs })
          .where('audience', '=', audience)
          .where('next_try_at_ms', '>', nowMs)
          .execute();
      }),

    giveUp: (endedBeforeMs) =>
      orUnavailable(async () => {
        const rows = await sql
          .deleteFrom('ended_visits')
          .where('ended_at_ms', '<', endedBeforeMs)
          .returning('audience')
          .execute();
        const counts = new Map<string, number>();
        for (const { audience } of rows) counts.set(audience, (counts.get(audience) ?? 0) + 1);
        return Array.from(counts, ([audience, visits]) => ({ audience, visits }));
      }),
  };
}
