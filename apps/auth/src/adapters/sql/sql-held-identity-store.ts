import type { HeldIdentityStore } from '../../identity/held-identities.js';
import type { Sql } from './database.js';
import { orUnavailable } from './unavailable.js';

export function createSqlHeldIdentityStore(sql: Sql): HeldIdentityStore {
  return {
    hold: ({ sub, provider, externalId }, { nowMs, heldSinceMs }) =>
      orUnavailable(async () => {
        // One statement decides: of two users who come at the same time, one becomes the holder.
        const row = await sql
          .insertInto('held_identities')
          .values({ sub, provider, external_id: externalId, last_seen_at_ms: nowMs })
          .onConflict((conflict) =>
            conflict
              .column('sub')
              .doUpdateSet({ provider, external_id: externalId, last_seen_at_ms: nowMs })
              .where((eb) =>
                eb.or([
                  eb.and([
                    eb('held_identities.provider', '=', provider),
                    eb('held_identities.external_id', '=', externalId),
                  ]),
                  eb('held_identities.last_seen_at_ms', '<', heldSinceMs),
                ]),
              ),
          )
          .returning('sub')
          .executeTakeFirst();
        return row !== undefined;
      }),

    release: (sub) =>
      orUnavailable(async () => {
        const { numDeletedRows } = await sql
          .deleteFrom('held_identities')
          .where('sub', '=', sub)
          .executeTakeFirst();
        return Number(numDeletedRows) > 0;
      }),
  };
}
