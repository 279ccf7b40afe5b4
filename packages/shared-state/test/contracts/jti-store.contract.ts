import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { JtiStore } from '@romm-netplay/shared-state';

export interface JtiStoreUnderTest {
  readonly store: JtiStore;
  /** A second store over the same state, as another process has it. */
  readonly other: JtiStore;
  /** Lets time pass until the marker of an id with this lifetime is gone. */
  expire(jti: string, lifetimeMs: number): Promise<void>;
  close(): Promise<void>;
}

/** What every JtiStore does, whatever it keeps its markers in (P1.3, P1.4). */
export function jtiStoreContract(open: () => Promise<JtiStoreUnderTest>): void {
  let subject: JtiStoreUnderTest;
  beforeEach(async () => {
    subject = await open();
  });
  afterEach(() => subject.close());

  it('consumes an issued id once', async () => {
    const { store } = subject;
    const jti = await store.issue(30_000);
    expect(jti).toMatch(/^[0-9a-f]{32}$/);
    expect(await store.consume(jti, 'ada')).toBe(true);
    expect(await store.consume(jti, 'ada')).toBe(false);
  });

  it('does not consume what was never issued, though it looks alike', async () => {
    const jti = (await subject.store.issue(30_000)).replace(/.$/, (last) => (last === '0' ? '1' : '0'));
    expect(await subject.store.consume(jti, 'ada')).toBe(false);
  });

  it('tells whether an id is unused, without changing that', async () => {
    const { store } = subject;
    const jti = await store.issue(30_000);
    expect(await store.isUnused(jti, 'ada')).toBe(true);
    expect(await store.isUnused(jti, 'ada')).toBe(true);
    expect(await store.consume(jti, 'ada')).toBe(true);
    expect(await store.isUnused(jti, 'ada')).toBe(false);
  });

  it('forgets an id when it expires', async () => {
    const { store } = subject;
    const jti = await store.issue(60);
    await subject.expire(jti, 60);
    expect(await store.isUnused(jti, 'ada')).toBe(false);
    expect(await store.consume(jti, 'ada')).toBe(false);
  });

  it('lets exactly one of many racing callers win, whichever store they use', async () => {
    const { store, other } = subject;
    for (let round = 0; round < 20; round += 1) {
      const jti = await store.issue(30_000);
      const racers = Array.from({ length: 50 }, (_, index) =>
        (index % 2 === 0 ? store : other).consume(jti, 'ada'),
      );
      expect((await Promise.all(racers)).filter(Boolean)).toHaveLength(1);
    }
  });
}
