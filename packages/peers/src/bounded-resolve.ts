import { type Resolve, resolveBySystem } from '@romm-netplay/outbound';

/** Behind a name that took longer is a name server that is dead, or plays dead. */
const SLOW_MS = 1_000;
const MAX_SLOW_NAMES = 500;

/**
 * The system's resolver holds one of the four threads that also sign tokens, for as long as a dead name server
 * lets it wait. At most `atOnce` look-ups run, one for each name; the others wait their turn, within the deadline
 * of their request. Names that were slow last never have all the turns: they cost nobody else time (P2.8).
 */
export function createBoundedResolve(
  resolve: Resolve,
  atOnce = 2,
  now: () => number = () => performance.now(),
): Resolve {
  const underWay = new Map<string, Promise<readonly string[]>>();
  const waiting: { readonly name: string; readonly start: () => void }[] = [];
  const slow = new Set<string>();
  let running = 0;
  let slowRunning = 0;

  const mayStart = (name: string): boolean =>
    running < atOnce && (!slow.has(name) || slowRunning < atOnce - 1);

  /** Takes a turn, and answers how to give it back. */
  function take(name: string): () => void {
    const startedAt = now();
    const wasSlow = slow.has(name);
    running += 1;
    if (wasSlow) slowRunning += 1;
    return () => {
      running -= 1;
      if (wasSlow) slowRunning -= 1;
      slow.delete(name);
      if (now() - startedAt > SLOW_MS) slow.add(name);
      const [oldest] = slow;
      if (oldest !== undefined && slow.size > MAX_SLOW_NAMES) slow.delete(oldest);
      const next = waiting.findIndex((each) => mayStart(each.name));
      if (next >= 0) waiting.splice(next, 1)[0]?.start();
    };
  }

  async function lookUp(name: string): Promise<readonly string[]> {
    const giveBack = mayStart(name)
      ? take(name)
      : await new Promise<() => void>((start) => waiting.push({ name, start: () => start(take(name)) }));
    try {
      return await resolve(name);
    } finally {
      underWay.delete(name);
      giveBack();
    }
  }

  return (name) => {
    const answer = underWay.get(name) ?? lookUp(name);
    underWay.set(name, answer);
    return answer;
  };
}

/** One for the whole process, as its threads are. */
export const boundedBySystem: Resolve = createBoundedResolve(resolveBySystem);
