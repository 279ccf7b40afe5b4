/** How often an instance is asked while players look at lists, and while nobody does. */
const BUSY_MS = 5_000;
const IDLE_MS = 30_000;
/** Somebody looked at a list this short a time ago. */
export const BUSY_FOR_MS = 60_000;
const LONGEST_WAIT_MS = 300_000;
const MAX_DOUBLINGS = 6;
/** Instances that were started together shall not ask at the same moment for ever. */
const JITTER = 0.2;

export interface PullHistory {
  /** Pulls in a row that failed; after the first the circuit opens for longer with each. */
  readonly failures: number;
  readonly isBusy: boolean;
}

/** How long to wait after a pull before the next, in ms; `random` is in [0, 1). */
export function waitAfterPull({ failures, isBusy }: PullHistory, random: number): number {
  const regular = isBusy ? BUSY_MS : IDLE_MS;
  const backedOff = failures === 0 ? regular : BUSY_MS * 2 ** Math.min(failures, MAX_DOUBLINGS);
  return Math.min(backedOff, LONGEST_WAIT_MS) * (1 + JITTER * (2 * random - 1));
}
