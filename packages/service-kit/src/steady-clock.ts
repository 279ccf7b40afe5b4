/**
 * A clock that goes on where the one below it is put back, so that nothing waits for a time to come round again.
 *
 * @param now milliseconds since the epoch
 */
export function createSteadyClock(now: () => number): () => number {
  let before = now();
  let aheadMs = 0;
  return () => {
    const time = now();
    if (time < before) aheadMs += before - time;
    before = time;
    return time + aheadMs;
  };
}
