import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { IdentityCache } from '@romm-netplay/shared-state';

export interface IdentityCacheUnderTest {
  readonly cache: IdentityCache;
  /** A second cache over the same state, as another process has it. */
  readonly other: IdentityCache;
  /** Lets time pass until an entry of this lifetime is gone. */
  expire(lifetimeMs: number): Promise<void>;
  close(): Promise<void>;
}

/** What every IdentityCache does, whatever it keeps its entries in (P4.5). */
export function identityCacheContract(open: () => Promise<IdentityCacheUnderTest>): void {
  let subject: IdentityCacheUnderTest;
  beforeEach(async () => {
    subject = await open();
  });
  afterEach(() => subject.close());

  it('knows nothing of a key that was never written', async () => {
    expect(await subject.cache.read('k1')).toBeUndefined();
  });

  it('answers what was written, to every process, as often as asked (P4.5)', async () => {
    await subject.cache.write('k1', '{"name":"Ada ☃"}', 30_000);
    expect(await subject.cache.read('k1')).toBe('{"name":"Ada ☃"}');
    expect(await subject.other.read('k1')).toBe('{"name":"Ada ☃"}');
    expect(await subject.other.read('k2')).toBeUndefined();
  });

  it('takes the newer of two values, and its lifetime', async () => {
    await subject.cache.write('k1', 'older', 30_000);
    await subject.other.write('k1', 'newer', 60);
    expect(await subject.cache.read('k1')).toBe('newer');
    await subject.expire(60);
    expect(await subject.cache.read('k1')).toBeUndefined();
  });

  it('forgets an entry when it expires, and takes it again', async () => {
    await subject.cache.write('k1', 'value', 60);
    await subject.expire(60);
    expect(await subject.cache.read('k1')).toBeUndefined();
    await subject.cache.write('k1', 'value', 30_000);
    expect(await subject.other.read('k1')).toBe('value');
  });
}
