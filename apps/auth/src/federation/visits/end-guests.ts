import type { AttemptLimiter, AttemptRule, Revocations, RevocationLog } from '@romm-netplay/shared-state';
import { sessionRefOf } from '@romm-netplay/token-core';
import { AuthError } from '../../errors.js';

/**
 * Sessions of one instance, in calls of up to 100. Every process here remembers them for an hour, so nobody
 * may fill its memory.
 */
export const ENDED_GUESTS_RULE: AttemptRule = { name: 'ended-guests', attempts: 20_000, windowSeconds: 3600 };

export interface EndGuestsDeps {
  readonly revocationLog: Pick<RevocationLog, 'append'>;
  readonly revocations: Pick<Revocations, 'refresh'>;
  /** Counts by issuer. */
  readonly endedGuests: AttemptLimiter;
}

/**
 * Ends what players of another instance do here, because that instance says so. The names of sessions begin with
 * who speaks (S6), so it can end nobody else's. @throws AuthError too_many_ended; StateUnavailableError
 */
export async function endGuests(
  { revocationLog, revocations, endedGuests }: EndGuestsDeps,
  { issuer, sessionIds }: { readonly issuer: string; readonly sessionIds: readonly string[] },
): Promise<void> {
  const outcome = await endedGuests.attempt(issuer, sessionIds.length);
  if (!outcome.allowed) {
    throw new AuthError('too_many_ended', { retryAfterSeconds: outcome.retryAfterSeconds });
  }
  await revocationLog.append(sessionIds.flatMap((sid) => sessionRefOf({ iss: issuer, sid }) ?? []));
  await revocations.refresh();
}
