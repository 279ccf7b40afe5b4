import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { waitAfterPull } from '../src/federation/discovery/pull-schedule.js';

const MIDDLE = 0.5;

describe('how long to wait before asking another instance again (P2.8)', () => {
  it.each([
    [0, true, 5_000],
    [0, false, 30_000],
    [1, true, 10_000],
    [2, true, 20_000],
    [5, false, 160_000],
    [6, true, 300_000],
    [1_000_000, true, 300_000],
  ])('after %i failures, busy %s: %i ms', (failures, isBusy, expected) => {
    expect(waitAfterPull({ failures, isBusy }, MIDDLE)).toBe(expected);
  });

  it('is never more than a fifth away from that, so that instances drift apart and none is hammered', () => {
    fc.assert(
      fc.property(
        fc.nat(50),
        fc.boolean(),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (failures, isBusy, random) => {
          const wait = waitAfterPull({ failures, isBusy }, random);
          const middle = waitAfterPull({ failures, isBusy }, MIDDLE);
          expect(wait / middle).toBeGreaterThanOrEqual(0.8);
          expect(wait / middle).toBeLessThanOrEqual(1.2);
        },
      ),
    );
  });
});
