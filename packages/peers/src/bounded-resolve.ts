import type { Resolve } from '@romm-netplay/outbound';

/**
 * The system's resolver holds one of the four threads that also sign tokens, for as long as a dead name server
 * lets it wait. At most `atOnce` look-ups run; the others wait their turn, within the deadline of their request.
 */
export function createBoundedResolve(resolve: Resolve, atOnce = 2): Resolve {
  const waiting: (() => void)[] = [];
  let running = 0;

  return async (name) => {
    if (running >= atOnce) await new Promise<void>((next) => waiting.push(next));
    else running += 1;
    try {
      return await resolve(name);
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}
