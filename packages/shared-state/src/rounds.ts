/** Work that is done in rounds, one at a time. */
export interface Rounds {
  /** Resolves after a round that began after this call, so that it sees what the caller has just changed. */
  next(): Promise<void>;
  /** The round that is under way, and those that wait for it. */
  readonly running: Promise<void> | undefined;
}

/** `round` must not reject. */
export function createRounds(round: () => Promise<void>): Rounds {
  let running: Promise<void> | undefined;
  return {
    next() {
      const next = (running ?? Promise.resolve()).then(round);
      running = next;
      void next.then(() => {
        if (running === next) running = undefined;
      });
      return next;
    },
    get running() {
      return running;
    },
  };
}
