import { RommFailure } from './romm-failure.js';

export interface LastFailureOptions {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Told when RomM begins to fail, and again after it worked. */
  readonly onError: (error: unknown) => void;
  readonly onMended: () => void;
}

/** So long an outage that was met is told of. */
const OUTAGE_TOLD_MS = 60_000;

/** What RomM failed with last, until it answers again. */
export function createLastFailure({ now, onError, onMended }: LastFailureOptions) {
  let failure: unknown;
  let failedAtMs = 0;
  return {
    note(error: unknown): void {
      if (failure === undefined) onError(error);
      failure = error;
      failedAtMs = now();
    },
    forget(): void {
      if (failure !== undefined) onMended();
      failure = undefined;
    },
    /** Why nobody of RomM can sign in just now, for the operator. */
    trouble(): string | undefined {
      if (!(failure instanceof RommFailure)) return undefined;
      // That it was away says nothing of now, where nobody has come since; what did not fit, RomM will answer again.
      if (failure.isOutage && Math.abs(now() - failedAtMs) > OUTAGE_TOLD_MS) return undefined;
      return `Nobody of RomM can sign in: ${failure.message}`;
    },
  };
}
