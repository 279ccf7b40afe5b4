import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { RegisteredIssuer } from '@romm-netplay/protocol';
import { followIssuers, MAX_ISSUERS, type PublishedIssuers } from '@romm-netplay/shared-state';
import { createDisposers, eventually } from '@romm-netplay/testing';

export interface PublishedIssuersUnderTest {
  readonly published: PublishedIssuers;
  /** The same state, as another process has it. */
  readonly other: PublishedIssuers;
  close(): Promise<void>;
}

export const issuerOf = (changes: Partial<RegisteredIssuer> = {}): RegisteredIssuer => ({
  issuer: 'https://b.example.org',
  allow_http: false,
  label: 'Bea’s games',
  state: 'pending',
  permissions: ['rooms:list', 'rooms:join'],
  pinned_keys: [
    {
      kty: 'EC',
      alg: 'ES256',
      use: 'sig',
      kid: 'key-1',
      crv: 'P-256',
      x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
      y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
    },
  ],
  ca_certificate: null,
  certificate_sha256: 'ab'.repeat(32),
  allow_private_addresses: true,
  subject: 'pairwise',
  players_may_visit: true,
  quotas: { sockets: 5, rooms: 1, entries_per_minute: 10 },
  banned_players: ['ab_d-'.padEnd(22, 'x')],
  created_at: '2026-11-22T04:00:00.000Z',
  updated_at: '2026-11-22T04:00:00.000Z',
  version: 7,
  ...changes,
});

export const listOf = (version: number, ...issuers: Partial<RegisteredIssuer>[]) => ({
  version,
  issuers: issuers.map((changes) => issuerOf({ version, ...changes })),
});

/** What every PublishedIssuers does, whatever it keeps the list in (P2.4). */
export function publishedIssuersContract(open: () => Promise<PublishedIssuersUnderTest>): void {
  const disposers = createDisposers();
  let subject: PublishedIssuersUnderTest;
  beforeEach(async () => {
    subject = await open();
  });
  afterEach(async () => {
    await disposers.closeAll();
    await subject.close();
  });

  it('shows what was published, whole, to everybody; and nothing before (P2.4)', async () => {
    expect(await subject.other.version()).toBe(0);
    expect(await subject.other.list()).toEqual({ version: 0, issuers: [] });
    const urls = Array.from({ length: MAX_ISSUERS }, (_, index) => ({ issuer: `https://i${index}.example` }));
    for (const list of [listOf(5, {}), listOf(6, ...urls), listOf(1_800_000_000_000)]) {
      await subject.published.publish(list);
      expect(await subject.other.version()).toBe(list.version);
      expect(await subject.other.list()).toEqual(list);
    }
  });

  it('keeps the newest of lists that are published in any order, or at once', async () => {
    const versions = Array.from({ length: 20 }, (_, index) => index + 1).sort(() => Math.random() - 0.5);
    await Promise.all(
      versions.map((version, index) =>
        (index % 2 ? subject.published : subject.other).publish(listOf(version, { label: `v${version}` })),
      ),
    );
    expect(await subject.published.list()).toEqual(listOf(20, { label: 'v20' }));
    await subject.other.publish(listOf(19, { label: 'late' }));
    await subject.other.publish(listOf(20, { label: 'twice' }));
    expect(await subject.published.list()).toEqual(listOf(20, { label: 'v20' }));
  });

  it('shows every change to those who follow, within a second, and has the list read only then (P2.4)', async () => {
    let lists = 0;
    const told: [string, string | undefined][] = [];
    const followed = disposers.use(
      followIssuers({
        registry: {
          version: () => subject.other.version(),
          list: () => ((lists += 1), subject.other.list()),
        },
        onChanged: (issuer, now) => told.push([issuer, now?.state]),
        onError: (error) => {
          throw error;
        },
      }),
    );
    await followed.refresh();
    expect(followed.all()).toEqual([]);
    const { issuer } = issuerOf();
    const msUntil = async (isKnown: () => boolean) => {
      const startedAt = performance.now();
      await eventually(isKnown);
      return performance.now() - startedAt;
    };
    await subject.published.publish(listOf(1, {}));
    expect(await msUntil(() => followed.get(issuer) !== undefined)).toBeLessThan(1_000);
    await subject.published.publish(listOf(2, { state: 'active' }));
    expect(await msUntil(() => followed.get(issuer)?.state === 'active')).toBeLessThan(1_000);
    for (let poll = 0; poll < 5; poll += 1) await followed.refresh();
    expect(lists).toBe(3);
    await subject.published.publish(listOf(3));
    await followed.refresh();
    expect(told).toEqual([
      [issuer, 'pending'],
      [issuer, 'active'],
      [issuer, undefined],
    ]);
  });
}
