import { StateUnavailableError } from '../errors.js';
import { type FirstUse, firstUseName, type FirstUseStore } from './first-use-store.js';

export interface MemoryFirstUseStoreOptions {
  /** Milliseconds since the epoch; may be put forward and back. */
  readonly now?: () => number;
  /** Milliseconds since any moment; only goes on. */
  readonly elapsed?: () => number;
}

const SWEEP_MS = 10_000;

/** The first uses that one process saw (mode A1). */
export function createMemoryFirstUseStore({
  now = Date.now,
  elapsed = () => performance.now(),
}: MemoryFirstUseStoreOptions = {}): FirstUseStore {
  const since = elapsed();
  /** Name to when it is forgotten, by `elapsed`. */
  const uses = new Map<string, number>();

  /** Two kinds of lifetimes are mixed, so whatever has expired may stand anywhere; looked through now and then. */
  let nextSweep = since;
  function sweep(): void {
    if (elapsed() < nextSweep) return;
    nextSweep = elapsed() + SWEEP_MS;
    for (const [name, until] of uses) if (until <= elapsed()) uses.delete(name);
  }

  const isKnowable = ({ fromMs }: FirstUse) => now() - fromMs <= elapsed() - since;
  const wasSeen = (use: FirstUse) => (uses.get(firstUseName(use)) ?? -Infinity) > elapsed();

  return {
    claim(use) {
      sweep();
      if (!isKnowable(use)) return Promise.reject(new StateUnavailableError());
      if (wasSeen(use)) return Promise.resolve(false);
      uses.set(firstUseName(use), elapsed() + Math.max(1, use.untilMs - now()));
      return Promise.resolve(true);
    },
    isUnused: (use) =>
      isKnowable(use) ? Promise.resolve(!wasSeen(use)) : Promise.reject(new StateUnavailableError()),
  };
}
