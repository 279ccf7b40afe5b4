import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import type { JtiStore } from '@romm-netplay/shared-state';

export interface JtiStoreUnderTest {
  readonly store: JtiStore;
  /** A second store over the same state, as another process has it. */
  readonly other: JtiStore;
  readonly nowMs: () => number;
  /** Lets time pass until a marker of this lifetime is gone. */
  expire(lifetimeMs: number): Promise<void>;
  close(): Promise<void>;
}

const newJti = () => randomBytes(16).toString('hex');

/** What every JtiStore does, whatever it keeps its markers in (P1.3, P1.4). */
export function jtiStoreContract(open: () => Promise<JtiStoreUnderTest>): void {
  let subject: JtiStoreUnderTest;
  beforeEach(async () => {
    subject = await open();
  });
  afterEach(() => subject.close());

  it('consumes a remembered id once', async () => {
    const { store } = subject;
    const jti = newJti();
    await store.remember(jti, subject.nowMs() + 30_000);
    expect(await store.consume(jti, 'ada')).toBe(true);
    expect(await store.consume(jti, 'ada')).toBe(false);
  });

  it('does not consume what was never remembered', async () => {
    expect(await subject.store.consume(newJti(), 'ada')).toBe(false);
  });

  it('tells whether an id is unused, without changing that', async () => {
    const { store } = subject;
    const jti = newJti();
    expect(await store.isUnused(jti, 'ada')).toBe(false);
    await store.remember(jti, subject.nowMs() + 30_000);
    expect(await store.isUnused(jti, 'ada')).toBe(true);
    expect(await store.isUnused(jti, 'ada')).toBe(true);
    expect(await store.consume(jti, 'ada')).toBe(true);
    expect(await store.isUnused(jti, 'ada')).toBe(false);
  });

  it('forgets an id when it expires', async () => {
    const { store } = subject;
    const jti = newJti();
    await store.remember(jti, subject.nowMs() + 60);
    await subject.expire(60);
    expect(await store.isUnused(jti, 'ada')).toBe(false);
    expect(await store.consume(jti, 'ada')).toBe(false);
  });

  it('lets exactly one of many racing callers win, whichever store they use', async () => {
    const { store, other } = subject;
    for (let round = 0; round < 20; round += 1) {
      const jti = newJti();
      await store.remember(jti, subject.nowMs() + 30_000);
      const racers = Array.from({ length: 50 }, (_, index) =>
        (index % 2 === 0 ? store : other).consume(jti, 'ada'),
      );
      expect((await Promise.all(racers)).filter(Boolean)).toHaveLength(1);
    }
  });
}
