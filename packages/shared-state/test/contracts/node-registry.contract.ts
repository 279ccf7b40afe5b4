import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { NodeRecord } from '@romm-netplay/protocol';
import { MAX_NODES, type NodeRegistry } from '@romm-netplay/shared-state';

export interface NodeRegistryUnderTest {
  readonly registry: NodeRegistry;
  /** A second registry over the same state, as another process has it. */
  readonly other: NodeRegistry;
  /** Lets time pass until a record that was written before is gone. */
  expire(): Promise<void>;
  close(): Promise<void>;
}

export const nodeOf = (changes: Partial<NodeRecord> = {}): NodeRecord => ({
  nodeId: 'node-a',
  url: 'https://a.example.org',
  region: 'eu-west',
  rooms: 1,
  sockets: 2,
  maxRooms: 1_000,
  draining: false,
  adopts: true,
  startedAtMs: 1_800_000_000_000,
  updatedAtMs: 1_800_000_000_500,
  ...changes,
});

/** What every NodeRegistry does, whatever it keeps its records in (P4.3). */
export function nodeRegistryContract(open: (ttlMs: number) => Promise<NodeRegistryUnderTest>): void {
  let subject: NodeRegistryUnderTest;
  beforeEach(async () => {
    subject = await open(60_000);
  });
  afterEach(() => subject.close());
  const ids = async () => (await subject.other.list()).map(({ nodeId }) => nodeId).sort();

  it('lists what nodes told, and how long ago', async () => {
    expect(await subject.registry.list()).toEqual([]);
    expect(await subject.registry.upsert(nodeOf())).toBe('stored');
    const [node] = await subject.other.list();
    // Whether it adopts rooms, and writes itself, is for auth to say, where a node tells through it.
    const { byAuth: _, ...told } = node!;
    expect(told).toEqual({ ...nodeOf(), adopts: expect.any(Boolean), ageMs: expect.any(Number) });
    expect(node?.ageMs).toBeLessThan(10_000);
  });

  it('replaces what a node told before, also after a restart', async () => {
    await subject.registry.upsert(nodeOf());
    await subject.registry.upsert(nodeOf({ rooms: 7, draining: true }));
    expect(await subject.other.list()).toMatchObject([{ rooms: 7, draining: true }]);
    expect(await subject.registry.upsert(nodeOf({ startedAtMs: 1_800_000_009_000 }))).toBe('stored');
    expect(await ids()).toEqual(['node-a']);
  });

  it('lets no node of another address take an id that is in use (D3)', async () => {
    await subject.registry.upsert(nodeOf());
    expect(await subject.other.upsert(nodeOf({ url: 'https://evil.example.org' }))).toBe(
      'held-by-other-node',
    );
    expect(await subject.registry.list()).toMatchObject([{ url: 'https://a.example.org' }]);
  });

  it('removes a node, but not the one that was started in its place', async () => {
    await subject.registry.upsert(nodeOf());
    await subject.registry.upsert(nodeOf({ nodeId: 'node-b', url: 'https://b.example.org' }));
    await subject.registry.remove('node-a', 1);
    expect(await ids()).toEqual(['node-a', 'node-b']);
    await subject.registry.remove('node-a', nodeOf().startedAtMs);
    await subject.registry.remove('node-a', nodeOf().startedAtMs);
    expect(await ids()).toEqual(['node-b']);
  });

  it('forgets a node that falls silent, and gives its id to whoever asks next', async () => {
    await subject.close();
    subject = await open(80);
    await subject.registry.upsert(nodeOf());
    await subject.expire();
    expect(await ids()).toEqual([]);
    expect(await subject.other.upsert(nodeOf({ url: 'https://new.example.org' }))).toBe('stored');
  });

  it('has a bounded number of nodes (R3)', async () => {
    const all = Array.from({ length: MAX_NODES }, (_, index) => nodeOf({ nodeId: `node-${index}` }));
    for (const node of all) expect(await subject.registry.upsert(node)).toBe('stored');
    expect(await subject.registry.upsert(nodeOf({ nodeId: 'one-too-many' }))).toBe('full');
    expect(await subject.registry.upsert(nodeOf({ nodeId: 'node-7', rooms: 3 }))).toBe('stored');
    expect(await subject.other.list()).toHaveLength(MAX_NODES);
  });
}

/** What it does beside that, where nodes write themselves (D3). */
export function writingNodesContract(open: (ttlMs: number) => Promise<NodeRegistryUnderTest>): void {
  let subject: NodeRegistryUnderTest;
  beforeEach(async () => {
    subject = await open(60_000);
  });
  afterEach(() => subject.close());

  it('lets what auth writes take neither id nor url of a node that writes itself (D3)', async () => {
    await subject.registry.upsert(nodeOf());
    const evil = { url: 'https://evil.example.org', byAuth: true };
    expect(await subject.other.upsert(nodeOf({ byAuth: true }))).toBe('held-by-other-node');
    expect(await subject.other.upsert(nodeOf(evil))).toBe('held-by-other-node');
    expect(await subject.other.upsert(nodeOf({ nodeId: 'node-b', byAuth: true }))).toBe('held-by-other-node');
    expect(await subject.registry.list()).toMatchObject([{ nodeId: 'node-a', url: 'https://a.example.org' }]);
  });

  it('gives a node that writes itself its id back from what auth wrote meanwhile', async () => {
    const url = 'https://evil.example.org';
    expect(await subject.other.upsert(nodeOf({ url, byAuth: true }))).toBe('stored');
    expect(await subject.other.upsert(nodeOf({ url, byAuth: true, rooms: 2 }))).toBe('stored');
    expect(await subject.registry.upsert(nodeOf())).toBe('stored');
    expect(await subject.registry.list()).toMatchObject([{ nodeId: 'node-a', url: 'https://a.example.org' }]);
  });
}
