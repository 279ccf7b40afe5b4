import type { Transaction } from 'kysely';
import type { HeldIdentityStore } from '../../identity/held-identities.js';
import type { Sql } from './database.js';
import type { Schema } from './schema.js';
import { endConsents } from './sql-consent-store.js';
import { orUnavailable } from './unavailable.js';

type Hold = Parameters<HeldIdentityStore['hold']>;

export function createSqlHeldIdentityStore(sql: Sql): HeldIdentityStore {
  return {
    hold: (...hold) =>
      orUnavailable(() =>
        sql.transaction().execute(async (transaction) => {
          const [{ sub, provider, externalId }, { nowMs }] = hold;
          const former = await transaction
            .selectFrom('held_identities')
            .select(['provider', 'external_id'])
            .where('sub', '=', sub)
            .forUpdate()
            .executeTakeFirst();
          if (!(await tryToHold(transaction, ...hold))) return false;
          const isOther = former && (former.provider !== provider || former.external_id !== externalId);
          if (isOther === true) await endConsents(transaction, sub, nowMs);
          return true;
        }),
      ),

    release: (sub, nowMs) =>
      orUnavailable(() =>
        sql.transaction().execute(async (transaction) => {
          const { numDeletedRows } = await transaction
            .deleteFrom('held_identities')
            .where('sub', '=', sub)
            .executeTakeFirst();
          if (Number(numDeletedRows) === 0) return false;
          await endConsents(transaction, sub, nowMs);
          return true;
        }),
      ),
  };
}

/** One statement decides: of two users who come at the same time, one becomes the holder. */
async function tryToHold(
  transaction: Transaction<Schema>,
  { sub, provider, externalId }: Hold[0],
  { nowMs, heldSinceMs }: Hold[1],
): Promise<boolean> {
  const row = await transaction
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
}
