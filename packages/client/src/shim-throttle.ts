import { backoffMs } from './retry.js';
import type { Runtime } from './runtime.js';

const WINDOW_MS = 10_000;
const REQUESTS_PER_WINDOW = 4;
/** The first quiet time is some seconds, the longest about a minute. */
const QUIET_FACTOR = 8;

/** Keeps a page that asks again and again, as pages do after each refusal, from hammering auth. */
export interface Throttle {
  /** Resolves when the next request may be made. */
  turn(): Promise<void>;
  succeeded(): void;
  failed(): void;
  /** Whether a failure is so fresh that trying again without being asked makes no sense. */
  isQuiet(): boolean;
}

export function createThrottle(runtime: Runtime): Throttle {
  let requestedAtMs: readonly number[] = [];
  let failures = 0;
  let quietUntilMs = 0;

  return {
    async turn() {
      for (;;) {
        const nowMs = runtime.now();
        requestedAtMs = requestedAtMs.filter((atMs) => atMs > nowMs - WINDOW_MS);
        const [oldest = nowMs] = requestedAtMs;
        if (requestedAtMs.length < REQUESTS_PER_WINDOW) break;
        await runtime.sleep(oldest + WINDOW_MS - nowMs + runtime.random() * 1_000);
      }
      requestedAtMs = [...requestedAtMs, runtime.now()];
    },
    succeeded() {
      failures = 0;
      quietUntilMs = 0;
    },
    failed() {
      quietUntilMs = runtime.now() + QUIET_FACTOR * backoffMs(failures, runtime.random);
      failures += 1;
    },
    isQuiet: () => runtime.now() < quietUntilMs,
  };
}
