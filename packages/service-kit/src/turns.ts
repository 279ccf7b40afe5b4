import pLimit from 'p-limit';

export interface TurnLimits {
  readonly atOnce: number;
  /** More than these are refused instead of made to wait. */
  readonly waiting: number;
}

/** Too much of one kind is waiting already; the same will do in a moment. */
export class TooBusyError extends Error {
  constructor() {
    super('Too much of this is waiting already.');
    this.name = 'TooBusyError';
  }
}

/** Runs work when it is its turn. @throws TooBusyError, at once */
export type InTurn = <T>(work: () => Promise<T>) => Promise<T>;

/** Bounds how much of one kind is under way, so that it leaves room for everything else. */
export function createTurns({ atOnce, waiting }: TurnLimits): InTurn {
  const limit = pLimit(atOnce);
  return (work) => (limit.pendingCount >= waiting ? Promise.reject(new TooBusyError()) : limit(work));
}
