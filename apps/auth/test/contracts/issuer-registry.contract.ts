import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { IssuerDraft, RegisteredIssuer } from '@romm-netplay/protocol';
import { MAX_ISSUERS } from '@romm-netplay/shared-state';
import type { IssuerRegistry } from '../../src/federation/issuer-registry.js';

export interface IssuerRegistryUnderTest {
  readonly registry: IssuerRegistry;
  /** A second registry over the same database, as another replica has it. */
  readonly other: IssuerRegistry;
  close(): Promise<void>;
}

export const draftOf = (changes: Partial<IssuerDraft> = {}): IssuerDraft => ({
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
  subject: 'plain',
  players_may_visit: false,
  quotas: { sockets: 5, rooms: 1, entries_per_minute: 10 },
  banned_players: ['x'.repeat(22)],
  created_at: '2026-11-22T04:00:00.000Z',
  updated_at: '2026-11-22T04:00:00.000Z',
  ...changes,
});

export async function stored(registry: IssuerRegistry, draft = draftOf(), expected?: number) {
  const put = await registry.put(draft, expected);
  if (put.outcome !== 'stored') throw new Error(put.outcome);
  return put.issuer;
}

/** What every IssuerRegistry does, whatever it keeps its records in (P2.4). */
export function issuerRegistryContract(open: () => Promise<IssuerRegistryUnderTest>): void {
  let subject: IssuerRegistryUnderTest;
  beforeEach(async () => {
    subject = await open();
  });
  afterEach(() => subject.close());

  it('keeps what was put, whole, for everybody (P2.4)', async () => {
    const { version: before } = await subject.other.list();
    const issuer = await stored(subject.registry);
    expect(issuer).toEqual({ ...draftOf(), version: expect.any(Number) });
    expect(issuer.version).toBeGreaterThan(before);
    expect(await subject.other.list()).toEqual({ version: issuer.version, issuers: [issuer] });
    expect(await subject.other.version()).toBe(issuer.version);
  });

  it('takes a change only from whoever saw the last version', async () => {
    const first = await stored(subject.registry);
    const second = await stored(subject.other, draftOf({ state: 'active' }), first.version);
    expect(second.version).toBeGreaterThan(first.version);
    for (const expected of [undefined, first.version, second.version + 1]) {
      expect(await subject.registry.put(draftOf({ label: 'late' }), expected)).toEqual({
        outcome: 'conflict',
      });
    }
    expect(await subject.registry.remove(draftOf().issuer, first.version)).toBe('conflict');
    expect((await subject.registry.list()).issuers).toEqual([second]);
  });

  it('lets one of those win who change the same version at once, or register the same issuer', async () => {
    const registries = Array.from({ length: 20 }, (_, index) =>
      index % 2 ? subject.registry : subject.other,
    );
    const race = async (expected?: number) => {
      const puts = await Promise.all(
        registries.map((registry, index) => registry.put(draftOf({ label: `racer ${index}` }), expected)),
      );
      return puts.filter(({ outcome }) => outcome === 'stored');
    };
    expect(await race()).toHaveLength(1);
    const [held] = (await subject.registry.list()).issuers;
    const winners = await race(held!.version);
    expect(winners).toEqual([{ outcome: 'stored', issuer: (await subject.other.list()).issuers[0] }]);
  });

  it('gives every change a version of its own, also when replicas change at once', async () => {
    const urls = Array.from({ length: 20 }, (_, index) => `https://i${index}.example.org`);
    const issuers = await Promise.all(
      urls.map((issuer, index) => stored(index % 2 ? subject.registry : subject.other, draftOf({ issuer }))),
    );
    const versions = issuers.map(({ version }) => version);
    expect(new Set(versions).size).toBe(20);
    expect(await subject.registry.version()).toBe(Math.max(...versions));
  });

  it('removes, tells so by its version, and never gives a version twice', async () => {
    const first = await stored(subject.registry);
    expect(await subject.other.remove(first.issuer, first.version)).toBe('removed');
    expect(await subject.other.remove(first.issuer, first.version)).toBe('conflict');
    const { version, issuers } = await subject.registry.list();
    expect(issuers).toEqual([]);
    expect(version).toBeGreaterThan(first.version);
    expect(await subject.registry.put(draftOf(), first.version)).toEqual({ outcome: 'conflict' });
    expect((await stored(subject.registry)).version).toBeGreaterThan(version);
  });

  it('numbers on from what was seen elsewhere, once', async () => {
    const { version } = await stored(subject.registry);
    const seen = version + 1_000_000;
    await Promise.all([subject.registry.overtake(seen), subject.other.overtake(seen)]);
    expect(await subject.other.version()).toBe(seen + 1);
    expect((await stored(subject.registry, draftOf({ label: 'new' }), version)).version).toBe(seen + 2);
  });

  it('has a bounded number of issuers (R3)', async () => {
    const urls = Array.from({ length: MAX_ISSUERS }, (_, index) => `https://i${index}.example.org`);
    // Not all at once: whoever waits two seconds for a connection is refused.
    const all: RegisteredIssuer[] = [];
    for (const issuer of urls) all.push(await stored(subject.registry, draftOf({ issuer })));
    expect(await subject.registry.put(draftOf(), undefined)).toEqual({ outcome: 'full' });
    await stored(subject.registry, draftOf({ issuer: urls[7]!, label: 'changed' }), all[7]!.version);
    await subject.other.remove(urls[8]!, all[8]!.version);
    await stored(subject.registry);
    expect((await subject.other.list()).issuers).toHaveLength(MAX_ISSUERS);
  });
}
