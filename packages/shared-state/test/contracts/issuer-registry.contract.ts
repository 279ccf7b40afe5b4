import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { IssuerDraft, RegisteredIssuer } from '@romm-netplay/protocol';
import {
  type FollowedIssuers,
  followIssuers,
  type IssuerRegistry,
  MAX_ISSUERS,
} from '@romm-netplay/shared-state';
import { eventually } from '@romm-netplay/testing';

export interface IssuerRegistryUnderTest {
  readonly registry: IssuerRegistry;
  /** A second registry over the same state, as another process has it. */
  readonly other: IssuerRegistry;
  close(): Promise<void>;
}

export const issuerOf = (changes: Partial<IssuerDraft> = {}): IssuerDraft => ({
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
  created_at: '2026-11-22T04:00:00.000Z',
  updated_at: '2026-11-22T04:00:00.000Z',
  ...changes,
});

export async function stored(registry: IssuerRegistry, draft = issuerOf(), expected?: number) {
  const put = await registry.put(draft, expected);
  if (put.outcome !== 'stored') throw new Error(put.outcome);
  return put.issuer;
}

/** What every IssuerRegistry does, whatever it keeps its records in (P2.4). */
export function issuerRegistryContract(open: () => Promise<IssuerRegistryUnderTest>): void {
  let subject: IssuerRegistryUnderTest;
  const following: FollowedIssuers[] = [];
  beforeEach(async () => {
    subject = await open();
  });
  afterEach(async () => {
    for (const followed of following.splice(0)) followed.close();
    await subject.close();
  });

  it('keeps what was put, whole, for everybody (P2.4)', async () => {
    expect(await subject.other.list()).toEqual({ version: 0, issuers: [] });
    const issuer = await stored(subject.registry);
    expect(issuer).toEqual({ ...issuerOf(), version: expect.any(Number) });
    expect(await subject.other.list()).toEqual({ version: issuer.version, issuers: [issuer] });
    expect(await subject.other.version()).toBe(issuer.version);
  });

  it('takes a change only from whoever saw the last version', async () => {
    const first = await stored(subject.registry);
    const second = await stored(subject.other, issuerOf({ state: 'active' }), first.version);
    expect(second.version).toBeGreaterThan(first.version);
    for (const expected of [undefined, first.version, second.version + 1]) {
      expect(await subject.registry.put(issuerOf({ label: 'late' }), expected)).toEqual({
        outcome: 'conflict',
      });
    }
    expect(await subject.registry.remove(issuerOf().issuer, first.version)).toBe('conflict');
    expect((await subject.registry.list()).issuers).toEqual([second]);
  });

  it('lets one of those win who change the same version at once, or register the same issuer', async () => {
    const registries = Array.from({ length: 20 }, (_, index) =>
      index % 2 ? subject.registry : subject.other,
    );
    const race = async (expected?: number) => {
      const puts = await Promise.all(
        registries.map((registry, index) => registry.put(issuerOf({ label: `racer ${index}` }), expected)),
      );
      return puts.filter(({ outcome }) => outcome === 'stored');
    };
    expect(await race()).toHaveLength(1);
    const [held] = (await subject.registry.list()).issuers;
    const winners = await race(held!.version);
    expect(winners).toEqual([{ outcome: 'stored', issuer: (await subject.other.list()).issuers[0] }]);
  });

  it('removes, tells so by its version, and never gives a version twice', async () => {
    const first = await stored(subject.registry);
    expect(await subject.other.remove(first.issuer, first.version)).toBe('removed');
    expect(await subject.other.remove(first.issuer, first.version)).toBe('conflict');
    const { version, issuers } = await subject.registry.list();
    expect(issuers).toEqual([]);
    expect(version).toBeGreaterThan(first.version);
    expect(await subject.registry.put(issuerOf(), first.version)).toEqual({ outcome: 'conflict' });
    expect((await stored(subject.registry)).version).toBeGreaterThan(version);
  });

  it('has a bounded number of issuers (R3)', async () => {
    const urls = Array.from({ length: MAX_ISSUERS }, (_, index) => `https://i${index}.example.org`);
    const all = await Promise.all(urls.map((issuer) => stored(subject.registry, issuerOf({ issuer }))));
    expect(await subject.registry.put(issuerOf(), undefined)).toEqual({ outcome: 'full' });
    await stored(subject.registry, issuerOf({ issuer: urls[7]!, label: 'changed' }), all[7]!.version);
    await subject.other.remove(urls[8]!, all[8]!.version);
    await stored(subject.registry);
    expect((await subject.other.list()).issuers).toHaveLength(MAX_ISSUERS);
  });

  it('shows every change to those who follow, within a second, and reads the list only then (P2.4)', async () => {
    let lists = 0;
    const told: [string, RegisteredIssuer | undefined][] = [];
    const followed = followIssuers({
      registry: {
        version: () => subject.other.version(),
        list: () => ((lists += 1), subject.other.list()),
      },
      onChanged: (issuer, now) => told.push([issuer, now]),
      onError: (error) => {
        throw error;
      },
    });
    following.push(followed);
    await followed.refresh();
    expect(followed.all()).toEqual([]);

    const msUntil = async (isKnown: () => boolean) => {
      const startedAt = performance.now();
      await eventually(isKnown);
      return performance.now() - startedAt;
    };
    const first = await stored(subject.registry);
    expect(await msUntil(() => followed.get(first.issuer) !== undefined)).toBeLessThan(1_000);
    const second = await stored(subject.registry, issuerOf({ state: 'active' }), first.version);
    expect(await msUntil(() => followed.get(first.issuer)?.state === 'active')).toBeLessThan(1_000);
    for (let poll = 0; poll < 5; poll += 1) await followed.refresh();
    expect(lists).toBe(3);

    await subject.registry.remove(first.issuer, second.version);
    await followed.refresh();
    expect(followed.get(first.issuer)).toBeUndefined();
    expect(told).toEqual([
      [first.issuer, first],
      [first.issuer, second],
      [first.issuer, undefined],
    ]);
  });
}
