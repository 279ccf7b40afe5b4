import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { type FirstUse, type FirstUseStore, StateUnavailableError } from '@romm-netplay/shared-state';

export interface FirstUseStoreUnderTest {
  readonly store: FirstUseStore;
  /** A second store over the same state, as another process has it. */
  readonly other: FirstUseStore;
  readonly nowMs: () => number;
  /** Lets time pass until a use of this lifetime is forgotten. */
  expire(lifetimeMs: number): Promise<void>;
  /** Loses everything that was remembered, as a restart without persistence does. */
  lose(): Promise<FirstUseStore>;
  close(): Promise<void>;
}

const A = 'https://a.example.org';
const B = 'https://b.example.org';

/** What every FirstUseStore does (P2.6). */
export function firstUseStoreContract(open: () => Promise<FirstUseStoreUnderTest>): void {
  let subject: FirstUseStoreUnderTest;
  beforeEach(async () => {
    subject = await open();
  });
  afterEach(() => subject.close());

  const use = (change: Partial<FirstUse> = {}): FirstUse => ({
    issuer: A,
    jti: randomBytes(16).toString('hex'),
    fromMs: subject.nowMs() + 1_000,
    untilMs: subject.nowMs() + 36_000,
    ...change,
  });

  it('lets the first showing through and no other', async () => {
    const shown = use();
    expect(await subject.store.claim(shown)).toBe(true);
    expect(await subject.store.claim(shown)).toBe(false);
    expect(await subject.other.claim(shown)).toBe(false);
  });

  it('tells whether something was shown, without using it up', async () => {
    const shown = use();
    for (const _ of [1, 2]) expect(await subject.other.isUnused(shown)).toBe(true);
    expect(await subject.store.claim(shown)).toBe(true);
    expect(await subject.other.isUnused(shown)).toBe(false);
    expect(await subject.other.isUnused({ ...shown, issuer: B })).toBe(true);
  });

  it('keeps issuers apart: equal ids of two are two (S6)', async () => {
    const shown = use();
    expect(await subject.store.claim(shown)).toBe(true);
    expect(await subject.store.claim({ ...shown, issuer: B })).toBe(true);
    expect(await subject.store.claim({ ...shown, issuer: `${A}:${shown.jti}` })).toBe(true);
  });

  it('lets one of many racing callers win, whichever store they use', async () => {
    for (let round = 0; round < 20; round += 1) {
      const shown = use();
      const racers = Array.from({ length: 50 }, (_, index) =>
        (index % 2 === 0 ? subject.store : subject.other).claim(shown),
      );
      expect((await Promise.all(racers)).filter(Boolean)).toHaveLength(1);
    }
  });

  it('forgets a use when nothing can be shown again', async () => {
    const shown = use({ untilMs: subject.nowMs() + 60 });
    expect(await subject.store.claim(shown)).toBe(true);
    await subject.expire(60);
    expect(await subject.store.claim({ ...shown, untilMs: subject.nowMs() + 60 })).toBe(true);
  });

  it('cannot judge what may have been shown before it began to remember', async () => {
    const old = use({ fromMs: subject.nowMs() - 3_600_000 });
    await expect(subject.store.claim(old)).rejects.toThrow(StateUnavailableError);
    await expect(subject.store.isUnused(old)).rejects.toThrow(StateUnavailableError);
  });

  it('lets nothing through twice by being emptied in between', async () => {
    const shown = use({ fromMs: subject.nowMs() + 1_000 });
    expect(await subject.store.claim(shown)).toBe(true);
    await subject.expire(2_000);
    const afterwards = await subject.lose();
    await expect(afterwards.claim(shown)).rejects.toThrow(StateUnavailableError);
  });
}
