import { clientError } from './errors.js';
import type { Runtime } from './runtime.js';
import { timeLimit } from './time-limit.js';

const LONGEST_WAIT_MS = 30_000;

/** Runs one piece of work at a time over all tabs; `waited` tells that another tab was at it just before. */
export type Exclusion = <T>(work: (waited: boolean) => Promise<T>) => Promise<T>;

/**
 * The refresh cookie is one for all tabs and changes with every use, so they take turns (S1).
 * Web Locks end with their tab; no tab can leave the door locked.
 */
export function createExclusion({ locks }: Runtime, name: string): Exclusion {
  return async (work) => {
    let busy = false;
    const done = await locks.request(name, { ifAvailable: true }, async (lock) => {
      busy = lock === null;
      return busy ? undefined : { result: await work(false) };
    });
    if (done !== undefined) return done.result;
    const signal = timeLimit(LONGEST_WAIT_MS);
    let begun = false;
    return locks
      .request(name, { signal }, () => {
        begun = true;
        return work(true);
      })
      .catch((error: unknown) => {
        throw begun ? error : clientError('timeout');
      });
  };
}
