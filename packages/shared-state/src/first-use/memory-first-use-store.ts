import { StateUnavailableError } from '../errors.js';
import { type FirstUse, firstUseName, type FirstUseStore } from './first-use-store.js';

export interface MemoryFirstUseStoreOptions {
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** The first uses that one process saw (mode A1). */
export function createMemoryFirstUseStore({
  now = Date.now,
}: MemoryFirstUseStoreOptions = {}): FirstUseStore {
  const sinceMs = now();
  const uses = new Map<string, number>();

  /** Two kinds of lifetimes are mixed, so whatever has expired may stand anywhere; looked through now and then. */
  let nextSweepMs = sinceMs;
  function sweep(): void {
    if (now() < nextSweepMs) return;
    nextSweepMs = now() + 10_000;
    for (const [name, untilMs] of uses) if (untilMs <= now()) uses.delete(name);
  }

  const knowsOf = (use: FirstUse) => (uses.get(firstUseName(use)) ?? 0) > now();

  return {
    claim(use) {
      sweep();
      if (use.fromMs < sinceMs) return Promise.reject(new StateUnavailableError());
      if (knowsOf(use)) return Promise.resolve(false);
      uses.set(firstUseName(use), use.untilMs);
      return Promise.resolve(true);
    },
    isUnused: (use) =>
      use.fromMs < sinceMs ? Promise.reject(new StateUnavailableError()) : Promise.resolve(!knowsOf(use)),
  };
}
