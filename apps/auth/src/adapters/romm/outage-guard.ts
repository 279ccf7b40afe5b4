import { LRUCache } from 'lru-cache';
import { RommFailure } from './romm-failure.js';

export interface OutageGuardOptions {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** After a failure the same thing is not asked again for so long. */
  readonly backoffMs: number;
  /** After so many outages in a row only one caller at a time, and one per `backoffMs`, gets through. */
  readonly maxOutages: number;
  readonly maxKeys: number;
}

/** Keeps an outage from costing every caller a timeout, and RomM from being flooded while it comes back. */
export interface OutageGuard {
  /** Runs `ask`, or rejects at once with the failure that was met last. */
  run<T>(key: string, ask: () => Promise<T>): Promise<T>;
}

export function createOutageGuard({ now, backoffMs, maxOutages, maxKeys }: OutageGuardOptions): OutageGuard {
  const failed = new LRUCache<string, { readonly failure: unknown; readonly retryAtMs: number }>({
    max: maxKeys,
  });
  let outages = 0;
  let last: { readonly failure: unknown; readonly retryAtMs: number } | undefined;
  let probing = false;

  /** Not for longer than that, whatever the clock was put back by meanwhile. */
  const isWaiting = ({ retryAtMs }: { readonly retryAtMs: number }) => {
    const leftMs = retryAtMs - now();
    return leftMs > 0 && leftMs <= backoffMs;
  };

  /** @throws what was met last, while it is too early to ask again */
  function assertMayAsk(key: string): void {
    const own = failed.get(key);
    if (own !== undefined && isWaiting(own)) throw own.failure;
    if (outages < maxOutages || last === undefined) return;
    if (probing || isWaiting(last)) throw last.failure;
    probing = true;
  }

  function noteFailure(key: string, failure: unknown): void {
    const met = { failure, retryAtMs: now() + backoffMs };
    failed.set(key, met);
    if (!(failure instanceof RommFailure && failure.isOutage)) return;
    outages += 1;
    last = met;
  }

  return {
    async run(key, ask) {
      assertMayAsk(key);
      try {
        const result = await ask();
        outages = 0;
        failed.delete(key);
        return result;
      } catch (error) {
        noteFailure(key, error);
        throw error;
      } finally {
        probing = false;
      }
    },
  };
}
