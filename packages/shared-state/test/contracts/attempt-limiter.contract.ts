import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { AttemptLimiter, AttemptRule } from '@romm-netplay/shared-state';
import { eventually } from '@romm-netplay/testing';

export interface AttemptLimiterUnderTest {
  /** A limiter under a rule. */
  limiter(rule: AttemptRule): AttemptLimiter;
  /** A second limiter over the same state, as another process has it. */
  other(limiter: AttemptLimiter, rule: AttemptRule): AttemptLimiter;
  close(): Promise<void>;
}

const ruleOf = (changes: Partial<AttemptRule> = {}): AttemptRule => ({
  name: 'login',
  attempts: 3,
  windowSeconds: 60,
  ...changes,
});

const allowedOf = async (limiter: AttemptLimiter, key: string, times: number) => {
  const outcomes = await Promise.all(Array.from({ length: times }, () => limiter.attempt(key)));
  return outcomes.filter(({ allowed }) => allowed).length;
};

/** What every AttemptLimiter does, wherever it counts (P3.3). */
export function attemptLimiterContract(open: () => Promise<AttemptLimiterUnderTest>): void {
  let subject: AttemptLimiterUnderTest;
  let key: string;
  beforeEach(async () => {
    subject = await open();
    key = randomUUID();
  });
  afterEach(() => subject.close());

  it('allows so many attempts of a key and says when to come again', async () => {
    const limiter = subject.limiter(ruleOf());
    expect(await allowedOf(limiter, key, 3)).toBe(3);
    const refused = await limiter.attempt(key);
    expect(refused).toMatchObject({ allowed: false });
    const { retryAfterSeconds } = refused as { retryAfterSeconds: number };
    expect(Number.isInteger(retryAfterSeconds)).toBe(true);
    expect(retryAfterSeconds).toBeGreaterThan(50);
    expect(retryAfterSeconds).toBeLessThanOrEqual(60);
  });

  it('counts an attempt for as many as it says it is', async () => {
    const limiter = subject.limiter(ruleOf({ attempts: 10 }));
    expect(await limiter.attempt(key, 7)).toEqual({ allowed: true });
    expect(await limiter.attempt(key, 3)).toEqual({ allowed: true });
    expect(await limiter.attempt(key)).toMatchObject({ allowed: false });
  });

  it('takes an attempt back that was none, and no other', async () => {
    const limiter = subject.limiter(ruleOf());
    await limiter.attempt(key);
    await limiter.giveBack(key);
    expect(await allowedOf(limiter, key, 5)).toBe(3);
  });

  it('counts attempts of all processes together, also when they come at the same time', async () => {
    const rule = ruleOf({ attempts: 10 });
    const limiter = subject.limiter(rule);
    const other = subject.other(limiter, rule);
    const allowed = await Promise.all([allowedOf(limiter, key, 20), allowedOf(other, key, 20)]);
    expect(allowed[0] + allowed[1]).toBe(10);
  });

  it('counts every key for itself, whatever characters it has', async () => {
    const limiter = subject.limiter(ruleOf({ attempts: 1 }));
    for (const each of [key, `${key}:b`, `${key} `, `{${key}}`, `${key}ü`, '__proto__', 'constructor']) {
      expect([each, await allowedOf(limiter, each, 2)]).toEqual([each, 1]);
    }
  });

  it('counts every rule for itself', async () => {
    const [login, setup] = [
      subject.limiter(ruleOf({ attempts: 1 })),
      subject.limiter(ruleOf({ name: 'setup' })),
    ];
    expect(await allowedOf(login, key, 2)).toBe(1);
    expect(await allowedOf(setup, key, 1)).toBe(1);
  });

  it('forgets the attempts of a key that succeeded, and of no other', async () => {
    const limiter = subject.limiter(ruleOf({ attempts: 1 }));
    await allowedOf(limiter, key, 2);
    await allowedOf(limiter, `${key}-other`, 2);
    await limiter.forget(key);
    expect(await allowedOf(limiter, key, 1)).toBe(1);
    expect(await allowedOf(limiter, `${key}-other`, 1)).toBe(0);
    await limiter.forget('never tried');
  });

  it('begins again when the window is over', async () => {
    const limiter = subject.limiter(ruleOf({ attempts: 1, windowSeconds: 1 }));
    expect(await allowedOf(limiter, key, 2)).toBe(1);
    // Refused attempts do not prolong it.
    await eventually(async () => (await limiter.attempt(key)).allowed, 3_000);
  });
}
