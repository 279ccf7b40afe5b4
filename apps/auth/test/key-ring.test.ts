import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  forgettableKeys,
  isRotationDue,
  type KeyRing,
  pendingKey,
  phaseOf,
  plannedStartMs,
  publishedKeys,
  type RotationPolicy,
  signerOf,
  withdrawn,
} from '../src/keys/key-ring.js';

const HOUR = 3_600_000;
const TTL_MS = 900_000;
const SKEW_MS = 5_000;
const POLICY: RotationPolicy = {
  rotationIntervalMs: 24 * HOUR,
  publishLeadMs: 600_000,
  retainMs: TTL_MS + SKEW_MS + 30_000,
};
const START = 1_800_000_000_000;

let lastKid = 0;
function rotate(ring: KeyRing, nowMs: number, policy = POLICY): KeyRing {
  const kid = `key-${(lastKid += 1)}`;
  return [
    ...ring,
    {
      kid,
      alg: 'RS256',
      createdAtMs: nowMs,
      signsFromMs: plannedStartMs(ring, nowMs, policy),
      withdrawnAtMs: null,
    },
  ];
}

/** What a replica does whenever it looks: rotate when due, forget what is long over. */
function maintain(ring: KeyRing, nowMs: number): KeyRing {
  const rotated = isRotationDue(ring, nowMs, POLICY) ? rotate(ring, nowMs) : ring;
  const forgotten = new Set(forgettableKeys(rotated, nowMs, POLICY));
  return rotated.filter((key) => !forgotten.has(key));
}

describe('key ring (P2.2)', () => {
  it('goes next -> current -> previous -> gone', () => {
    const first = rotate([], START);
    const [a] = first;
    expect(phaseOf(first, a!.kid, START, POLICY)).toBe('current');
    const rotatedAt = START + 24 * HOUR;
    const ring = rotate(first, rotatedAt);
    const [, b] = ring;
    const takeOver = rotatedAt + POLICY.publishLeadMs;
    const phases = (nowMs: number) => [a, b].map((key) => phaseOf(ring, key!.kid, nowMs, POLICY));
    expect(phases(rotatedAt)).toEqual(['current', 'next']);
    expect(phases(takeOver - 1)).toEqual(['current', 'next']);
    expect(phases(takeOver)).toEqual(['previous', 'current']);
    expect(phases(takeOver + POLICY.retainMs - 1)).toEqual(['previous', 'current']);
    expect(phases(takeOver + POLICY.retainMs)).toEqual(['gone', 'current']);
  });

  it('is due once per interval, early enough for the lead, and not while a successor waits', () => {
    expect(isRotationDue([], START, POLICY)).toBe(true);
    const ring = rotate([], START);
    const dueAt = START + POLICY.rotationIntervalMs - POLICY.publishLeadMs;
    expect(isRotationDue(ring, dueAt - 1, POLICY)).toBe(false);
    expect(isRotationDue(ring, dueAt, POLICY)).toBe(true);
    expect(isRotationDue(rotate(ring, dueAt), dueAt, POLICY)).toBe(false);
    expect(pendingKey(rotate(ring, dueAt), dueAt, POLICY)?.signsFromMs).toBe(
      START + POLICY.rotationIntervalMs,
    );
  });

  it('ends a withdrawn key at once, and lets another sign', () => {
    const ring = rotate(rotate([], START), START + 24 * HOUR);
    const now = START + 25 * HOUR;
    const [a, b] = ring;
    const without = withdrawn(ring, b!.kid, now);
    expect(phaseOf(without, b!.kid, now, POLICY)).toBe('gone');
    expect(signerOf(without, now)?.kid).toBe(a!.kid);
    const none = withdrawn(without, a!.kid, now);
    expect(signerOf(none, now)).toBeUndefined();
    expect(plannedStartMs(none, now, POLICY)).toBe(now);
  });

  it('does not wait for a key that a clock running ahead has planned', () => {
    const ring = rotate(rotate([], START), START + 10_000 * HOUR);
    const dueAt = START + POLICY.rotationIntervalMs;
    expect(isRotationDue(ring, dueAt, POLICY)).toBe(true);
    expect(signerOf(rotate(ring, dueAt), dueAt + POLICY.publishLeadMs)?.createdAtMs).toBe(dueAt);
  });

  type Event = { do: 'tick'; ms: number } | { do: 'jump'; ms: number } | { do: 'rotate' } | { do: 'sign' };
  const event: fc.Arbitrary<Event> = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ do: fc.constant('tick' as const), ms: fc.integer({ min: 0, max: 2 * HOUR }) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant('jump' as const),
        ms: fc.integer({ min: -48 * HOUR, max: 48 * HOUR }),
      }),
    },
    { weight: 1, arbitrary: fc.constant({ do: 'rotate' as const }) },
    { weight: 4, arbitrary: fc.constant({ do: 'sign' as const }) },
  );

  it('never refuses a valid token and never signs with an expired key, over random schedules and clock jumps', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 80 }), (events) => {
        let nowMs = START;
        let ring = maintain([], nowMs);
        let tokens: { kid: string; iatMs: number }[] = [];
        for (const step of events) {
          if (step.do === 'tick' || step.do === 'jump') nowMs += step.ms;
          // What a clock signed that was set back since is from the future: refused now, promised nothing.
          tokens = tokens.filter(({ iatMs }) => iatMs <= nowMs + SKEW_MS);
          if (step.do === 'rotate' && pendingKey(ring, nowMs, POLICY) === undefined)
            ring = rotate(ring, nowMs);
          ring = maintain(ring, nowMs);
          const signer = signerOf(ring, nowMs)!;
          const published = publishedKeys(ring, nowMs, POLICY).map(({ kid }) => kid);
          expect(published).toContain(signer.kid);
          // Whatever is rotated later, what it signs now stays verifiable until it expires.
          expect(
            publishedKeys(rotate(ring, nowMs), nowMs + TTL_MS + SKEW_MS, POLICY).map(({ kid }) => kid),
          ).toContain(signer.kid);
          if (step.do === 'sign') tokens.push({ kid: signer.kid, iatMs: nowMs });
          for (const { kid, iatMs } of tokens) {
            if (nowMs < iatMs + TTL_MS + SKEW_MS) expect(published).toContain(kid);
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  it('publishes every key for the whole lead before it signs, when the clock runs steadily', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 3 * HOUR }), { maxLength: 60 }), (ticks) => {
        let nowMs = START;
        let ring = maintain([], nowMs);
        for (const ms of ticks) {
          nowMs += ms;
          ring = maintain(ring, nowMs);
          const [first] = ring;
          for (const key of ring) {
            if (key !== first)
              expect(key.signsFromMs - key.createdAtMs).toBeGreaterThanOrEqual(POLICY.publishLeadMs);
          }
        }
      }),
    );
  });
});
