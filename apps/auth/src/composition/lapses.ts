import {
  causesOf,
  createLapses,
  createOutageLog,
  type Lapse,
  type Lapses,
  type Logger,
} from '@romm-netplay/service-kit';
import { StateUnavailableError } from '@romm-netplay/shared-state';
import { databaseTroubleIn } from '../adapters/sql/trouble.js';

/** Redis and the database have lines of their own; what fails because of them does not repeat those. */
export const authLapses = (log: Logger): Lapses =>
  createLapses(log, (error) => isOfState(error) || databaseTroubleIn(error) !== undefined);

const isOfState = (error: unknown): boolean =>
  [...causesOf(error)].some((each) => each instanceof StateUnavailableError);

/**
 * The keys are followed from moment to moment, which finds the database away before anything else does, and back. What
 * else keeps them from being followed has lines of its own.
 */
export function followedKeys(log: Logger): Lapse {
  const database = createOutageLog(log, 'The database');
  const keys = createLapses(
    log,
    () => false,
  )({
    failing: 'signing keys not followed',
    mended: 'signing keys are followed again',
  });
  let isAway = false;
  return {
    onError(error) {
      const trouble = databaseTroubleIn(error);
      if (trouble === undefined) {
        keys.onError(error);
        return;
      }
      isAway = true;
      database.onTrouble(trouble);
    },
    onMended() {
      if (isAway) database.onMended();
      isAway = false;
      keys.onMended();
    },
  };
}
