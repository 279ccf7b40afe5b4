/** Time that goes on when told to, for servers and players alike. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  advance(ms: number): void;
  /** Does nothing when that time is over: whoever was late stays late. */
  advanceTo(ms: number): void;
}

export function createClock(): Clock {
  let nowMs = Date.now();
  return {
    now: () => nowMs,
    advance: (ms) => void (nowMs += ms),
    advanceTo: (ms) => void (nowMs = Math.max(nowMs, ms)),
  };
}
