import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { KeyStore, StoredKey } from '../../src/keys/key-store.js';

export interface KeyStoreUnderTest {
  readonly store: KeyStore;
  /** A second store over the same keys, as another replica has it. */
  readonly other: KeyStore;
  close(): Promise<void>;
}

export const storedKey = (kid: string, changes: Partial<StoredKey> = {}): StoredKey => ({
  kid,
  alg: 'RS256',
  publicJwk: { kty: 'RSA', kid, alg: 'RS256', use: 'sig', n: 'n', e: 'AQAB' },
  sealedPrivateKey: 'sealed',
  encryptionKeyId: 'kek',
  createdAtMs: 1_800_000_000_000,
  signsFromMs: 1_800_000_900_000,
  withdrawnAtMs: null,
  ...changes,
});

/** What every KeyStore does, whatever it keeps the keys in (P2.2, P4.2). */
export function keyStoreContract(open: () => Promise<KeyStoreUnderTest>): void {
  let subject: KeyStoreUnderTest;
  beforeEach(async () => {
    subject = await open();
  });
  afterEach(() => subject.close());

  it('keeps keys as they are, in the order in which they sign, for every replica', async () => {
    const later = storedKey('b', { signsFromMs: 1_900_000_000_000, withdrawnAtMs: 1_950_000_000_000 });
    await subject.store.exclusively(async (transaction) => {
      await transaction.insert(later);
      await transaction.insert(storedKey('a'));
    });
    expect(await subject.other.list()).toEqual([storedKey('a'), later]);
  });

  it('updates and removes', async () => {
    const { store } = subject;
    await store.exclusively((transaction) => transaction.insert(storedKey('a')));
    await store.exclusively((transaction) => transaction.update('a', { withdrawnAtMs: 5 }));
    await store.exclusively((transaction) => transaction.update('unknown', { withdrawnAtMs: 5 }));
    expect(await store.list()).toEqual([storedKey('a', { withdrawnAtMs: 5 })]);
    await store.exclusively((transaction) => transaction.remove('a'));
    expect(await store.list()).toEqual([]);
  });

  it('takes back everything when the work fails half-way', async () => {
    const { store } = subject;
    const halfWay = store.exclusively(async (transaction) => {
      await transaction.insert(storedKey('a'));
      expect(await transaction.list()).toHaveLength(1);
      throw new Error('interrupted');
    });
    await expect(halfWay).rejects.toThrow('interrupted');
    expect(await store.list()).toEqual([]);
  });

  it('lets one replica at a time change keys', async () => {
    const insertIfEmpty = (store: KeyStore, kid: string) =>
      store.exclusively(async (transaction) => {
        if ((await transaction.list()).length === 0) await transaction.insert(storedKey(kid));
      });
    await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        insertIfEmpty(index % 2 === 0 ? subject.store : subject.other, `key-${index}`),
      ),
    );
    expect(await subject.store.list()).toHaveLength(1);
  });
}
