import type { EndedVisitStore } from '../../federation/visits/ended-visit-store.js';
import type { Sql } from './database.js';
import { orUnavailable } from './unavailable.js';

export function createSqlEndedVisitStore(sql: Sql): EndedVisitStore {
  return {
    listDue: (nowMs) =>
      orUnavailable(() =>
        sql
          .selectFrom('ended_visits')
          .select(['audience', (eb) => eb.fn.max('tries').as('tries')])
          .where('next_try_at_ms', '<=', nowMs)
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
              .where('next_try_at_ms', '<=', nowMs)
              .orderBy('ended_at_ms')
              .limit(limit),
          )
          // Looked at once more for each row that another replica has just taken.
          .where('next_try_at_ms', '<=', nowMs)
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
