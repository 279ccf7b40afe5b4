import type { AttemptLimiter } from '@romm-netplay/shared-state';
import { AuthError } from '../../errors.js';
import type { RommVerdict } from './romm-user.js';

/**
 * Asks for a credential that RomM may not know. Counted before, or all that come at the same time would find the
 * count of before; and taken back where RomM knows the user, or cannot tell. Without an address somebody else counts.
 * @throws AuthError too_many_attempts; what `ask` throws
 */
export async function askCounted(
  unknown: AttemptLimiter,
  address: string | undefined,
  ask: () => Promise<RommVerdict>,
): Promise<RommVerdict> {
  if (address === undefined) return ask();
  const outcome = await unknown.attempt(address);
  if (!outcome.allowed) throw new AuthError('too_many_attempts', outcome);
  let verdict: RommVerdict | undefined;
  try {
    verdict = await ask();
    return verdict;
  } finally {
    if (verdict === undefined || verdict.is === 'user') await unknown.giveBack(address);
  }
}
