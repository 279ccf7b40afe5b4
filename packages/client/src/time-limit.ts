/** Aborts after a while; browsers of 2022 have no `AbortSignal.timeout`. Keeps no program running. */
export function timeLimit(ms: number): AbortSignal {
  const controller = new AbortController();
  // A number in browsers, where nothing has to be kept from running.
  const timer = setTimeout(() => controller.abort(), ms) as unknown as { unref?(): void };
  timer.unref?.();
  return controller.signal;
}
