import { sql as raw, type Transaction } from 'kysely';
import type { Schema } from './schema.js';

/** What replicas do one at a time. Any numbers of our own. */
const LOCKS = { 'signing-keys': 7_261_001, accounts: 7_261_002, invitations: 7_261_003 } as const;

/** Waits until no other replica holds the lock, which ends with the transaction. */
export async function advisoryLock(
  transaction: Transaction<Schema>,
  name: keyof typeof LOCKS,
): Promise<void> {
  await raw`select pg_advisory_xact_lock(${raw.lit(LOCKS[name])})`.execute(transaction);
}
