import { afterAll, beforeAll } from '@jest/globals';
import { ROMM_RELEASES, type RommRelease } from '@romm-netplay/testing';
import { type RommInstance, type RommInstanceOptions, startRommInstance } from './romm-instance.js';

const NEWEST = ROMM_RELEASES.find(({ name }) => name === '5.2') as RommRelease;

/** Asks RomM at every turn. */
export const QUICK = { checkMs: 50, retryMs: 50, tickMs: 10, maxAgeSeconds: 0, localMs: 0 };

/** One instance for the tests of a block, with the newest RomM where nothing else is said. */
export function useRomm(
  onStarted: (instance: RommInstance) => void,
  options: Partial<RommInstanceOptions> = {},
): void {
  let started: RommInstance | undefined;
  beforeAll(async () => {
    started = await startRommInstance({ release: NEWEST, ...options });
    onStarted(started);
  });
  afterAll(() => started?.close());
}
