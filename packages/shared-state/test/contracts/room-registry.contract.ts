import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { RoomRecord } from '@romm-netplay/protocol';
import type { HandoverRegistry, RoomRegistry } from '@romm-netplay/shared-state';

export interface RoomRegistryUnderTest<R extends RoomRegistry = RoomRegistry> {
  readonly registry: R;
  /** A second registry over the same state, as another process has it. */
  readonly other: R;
  /** Lets time pass until a record that was written before is gone. */
  expire(): Promise<void>;
  close(): Promise<void>;
}

export const roomOf = (changes: Partial<RoomRecord> = {}): RoomRecord => ({
  room_name: 'friday',
  current: 1,
  max: 4,
  hasPassword: false,
  nodeId: 'node-a',
  url: 'https://a.example.org',
  updatedAt: 1_800_000_000_000,
  ...changes,
});

const NODE_B = { nodeId: 'node-b', url: 'https://b.example.org' };

/**
 * What every RoomRegistry does, whatever it keeps its records in (P1.7, D3). `open` is asked for a registry
 * whose records live `ttlMs`.
 */
export function roomRegistryContract(open: (ttlMs: number) => Promise<RoomRegistryUnderTest>): void {
  let subject: RoomRegistryUnderTest;
  beforeEach(async () => {
    subject = await open(60_000);
  });
  afterEach(() => subject.close());

  it('resolves and lists what was stored, on every node, with every field it came with', async () => {
    const record = roomOf({ game_id: 42, nested: { kept: [1, null, 'ü'] } });
    expect(await subject.registry.upsert(record)).toBe('stored');
    expect(await subject.other.resolve('friday')).toEqual(record);
    expect(await subject.other.list()).toEqual([record]);
  });

  it('knows nothing of rooms that do not exist', async () => {
    expect(await subject.registry.resolve('friday')).toBeUndefined();
    expect(await subject.registry.list()).toEqual([]);
  });

  it('replaces the record of the node that holds it', async () => {
    await subject.registry.upsert(roomOf());
    expect(await subject.registry.upsert(roomOf({ current: 2 }))).toBe('stored');
    expect(await subject.registry.list()).toEqual([roomOf({ current: 2 })]);
  });

  it('lets no other node overwrite or remove a room', async () => {
    await subject.registry.upsert(roomOf());
    expect(await subject.other.upsert(roomOf(NODE_B))).toBe('held-by-other-node');
    expect(await subject.other.remove('friday', 'node-b')).toBe('held-by-other-node');
    expect(await subject.registry.resolve('friday')).toEqual(roomOf());
  });

  it('knows a node again by its url after a restart with another id', async () => {
    await subject.registry.upsert(roomOf());
    expect(await subject.registry.upsert(roomOf({ nodeId: 'node-a-restarted' }))).toBe('stored');
  });

  it('removes a room for its node, and for a caller that names no node', async () => {
    await subject.registry.upsert(roomOf());
    await subject.registry.remove('friday', 'node-a');
    expect(await subject.registry.resolve('friday')).toBeUndefined();
    await subject.registry.upsert(roomOf());
    await subject.registry.remove('friday');
    expect(await subject.registry.list()).toEqual([]);
    await expect(subject.registry.remove('friday', 'node-a')).resolves.not.toBe('held-by-other-node');
  });

  it('lets one of many racing nodes have a name', async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        (index % 2 === 0 ? subject.registry : subject.other).upsert(
          roomOf({ nodeId: `node-${index}`, url: `https://${index}.example.org` }),
        ),
      ),
    );
    expect(outcomes.filter((outcome) => outcome === 'stored')).toHaveLength(1);
  });

  it('forgets a record that is not refreshed, and gives its name to whoever asks next', async () => {
    await subject.close();
    subject = await open(80);
    await subject.registry.upsert(roomOf({ sessionid: 'session-1' }));
    await subject.expire();
    expect(await subject.registry.resolve('friday')).toBeUndefined();
    expect(await subject.registry.findBySession('session-1')).toBeUndefined();
    expect(await subject.registry.list()).toEqual([]);
    expect(await subject.other.upsert(roomOf(NODE_B))).toBe('stored');
  });

  it('finds a room by its session id, on every node, as long as the room lives and has it (D21)', async () => {
    const record = roomOf({ sessionid: 'session-1' });
    await subject.registry.upsert(record);
    await subject.registry.upsert(roomOf({ room_name: 'other', sessionid: 'session-2' }));
    expect(await subject.other.findBySession('session-1')).toEqual(record);
    expect(await subject.other.findBySession('friday')).toBeUndefined();
    await subject.registry.upsert(roomOf({ sessionid: 'session-3' }));
    expect(await subject.other.findBySession('session-1')).toBeUndefined();
    expect(await subject.other.findBySession('session-3')).toMatchObject({ room_name: 'friday' });
    await subject.registry.remove('friday', 'node-a');
    expect(await subject.other.findBySession('session-3')).toBeUndefined();
    expect(await subject.other.findBySession('session-2')).toMatchObject({ room_name: 'other' });
  });

  it('leaves a session id to the room that had it first, until that one is gone', async () => {
    const second = roomOf({ ...NODE_B, room_name: 'second', sessionid: 'session-1' });
    const nameOf = async () => (await subject.registry.findBySession('session-1'))?.room_name;
    await subject.registry.upsert(roomOf({ sessionid: 'session-1' }));
    await subject.other.upsert(second);
    await subject.registry.upsert(roomOf({ sessionid: 'session-1', current: 2 }));
    expect(await nameOf()).toBe('friday');
    await subject.other.remove('second', 'node-b');
    expect(await nameOf()).toBe('friday');
    await subject.other.upsert(second);
    await subject.registry.remove('friday', 'node-a');
    // Refreshed, as the node does that hosts it.
    await subject.other.upsert(second);
    expect(await nameOf()).toBe('second');
  });

  it('takes session ids as they are, and any record', async () => {
    for (const sessionid of ['__proto__', 'constructor', '"', '日本', '']) {
      await subject.registry.upsert(roomOf({ sessionid }));
      expect(await subject.registry.findBySession(sessionid)).toMatchObject({ sessionid });
    }
    for (const sessionid of [null, 7, true, ['7'], { 7: 7 }]) {
      await subject.registry.upsert(roomOf({ sessionid }));
      for (const asked of ['null', '7', 'true']) {
        expect(await subject.registry.findBySession(asked)).toBeUndefined();
      }
    }
  });

  it('takes room names as they are', async () => {
    const names = ['__proto__', 'constructor', 'a:b{c}', '日本', '"quoted"', 'a b', '%2F'];
    for (const room_name of names) await subject.registry.upsert(roomOf({ room_name }));
    for (const name of names) expect((await subject.registry.resolve(name))?.room_name).toBe(name);
    expect((await subject.registry.list()).map(({ room_name: name }) => name).sort()).toEqual(
      [...names].sort(),
    );
  });
}

/** What a registry does through which rooms change nodes (P2.10). */
export function handoverRegistryContract(
  open: (ttlMs: number) => Promise<RoomRegistryUnderTest<HandoverRegistry>>,
): void {
  let subject: RoomRegistryUnderTest<HandoverRegistry>;
  beforeEach(async () => {
    subject = await open(60_000);
  });
  afterEach(() => subject.close());

  it('lets the holder, and nobody else, give a room to another node (P2.10, D3)', async () => {
    const moved = roomOf({ ...NODE_B, current: 2, game_id: 42, sessionid: 'session-1' });
    expect(await subject.registry.transfer('friday', 'node-a', moved, 60_000)).toBe('absent');
    await subject.registry.upsert(roomOf());
    expect(await subject.other.transfer('friday', 'node-b', moved, 60_000)).toBe('held-by-other-node');
    expect(await subject.registry.resolve('friday')).toEqual(roomOf());
    expect(await subject.registry.transfer('friday', 'node-a', moved, 60_000)).toBe('transferred');
    expect(await subject.other.list()).toEqual([moved]);
    expect(await subject.registry.findBySession('session-1')).toEqual(moved);
    // What the node that gave it away still had under way changes nothing.
    expect(await subject.registry.upsert(roomOf())).toBe('held-by-other-node');
    expect(await subject.registry.remove('friday', 'node-a')).toBe('held-by-other-node');
    expect(await subject.registry.transfer('friday', 'node-a', moved, 60_000)).toBe('held-by-other-node');
    expect(await subject.other.upsert(moved)).toBe('stored');
  });

  it('lets one of many transfers of a room happen', async () => {
    await subject.registry.upsert(roomOf());
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, index) => {
        const target = roomOf({ nodeId: `node-${index}`, url: `https://${index}.example.org` });
        return (index % 2 === 0 ? subject.registry : subject.other).transfer(
          ...(['friday', 'node-a', target, 60_000] as const),
        );
      }),
    );
    expect(outcomes.filter((outcome) => outcome === 'transferred')).toHaveLength(1);
  });
}
