import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { keyOfRecord, namedRoomKey, type RoomRecord, sessionRoomKey } from '@romm-netplay/protocol';
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

const FRIDAY = namedRoomKey('friday');
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
    expect(await subject.other.resolve(FRIDAY)).toEqual(record);
    expect(await subject.other.list()).toEqual([record]);
  });

  it('knows nothing of rooms that do not exist', async () => {
    expect(await subject.registry.resolve(FRIDAY)).toBeUndefined();
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
    expect(await subject.other.remove(FRIDAY, 'node-b')).toBe('held-by-other-node');
    expect(await subject.registry.resolve(FRIDAY)).toEqual(roomOf());
  });

  it('knows a node again by its url after a restart with another id', async () => {
    await subject.registry.upsert(roomOf());
    expect(await subject.registry.upsert(roomOf({ nodeId: 'node-a-restarted' }))).toBe('stored');
  });

  it('removes a room for its node, and for a caller that names no node', async () => {
    await subject.registry.upsert(roomOf());
    await subject.registry.remove(FRIDAY, 'node-a');
    expect(await subject.registry.resolve(FRIDAY)).toBeUndefined();
    await subject.registry.upsert(roomOf());
    await subject.registry.remove(FRIDAY);
    expect(await subject.registry.list()).toEqual([]);
    await expect(subject.registry.remove(FRIDAY, 'node-a')).resolves.not.toBe('held-by-other-node');
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
    await subject.registry.upsert(roomOf());
    await subject.expire();
    expect(await subject.registry.resolve(FRIDAY)).toBeUndefined();
    expect(await subject.registry.findByName('friday')).toEqual([]);
    expect(await subject.registry.list()).toEqual([]);
    expect(await subject.other.upsert(roomOf(NODE_B))).toBe('stored');
  });

  it('finds the rooms of a name, whatever their game, on every node, as long as they live (N4)', async () => {
    const chess = roomOf({ room_key: namedRoomKey('friday', 1), game_id: 1 });
    const go = roomOf({ ...NODE_B, room_key: namedRoomKey('friday', 2), game_id: 2 });
    const labelled = roomOf({ room_key: sessionRoomKey('session-1'), sessionid: 'session-1' });
    const others = ['fridays', 'frida', 'Friday', 'friday 1'].map((room_name) => roomOf({ room_name }));
    for (const record of [chess, go, labelled, ...others]) {
      expect(await subject.registry.upsert(record)).toBe('stored');
    }
    const keysNamed = async (name: string) => (await subject.other.findByName(name)).map(keyOfRecord).sort();
    expect(await keysNamed('friday')).toEqual([chess, go, labelled].map(keyOfRecord).sort());
    expect(await subject.other.resolve(keyOfRecord(go))).toEqual(go);
    expect(await keysNamed('session-1')).toEqual([]);
    await subject.registry.remove(keyOfRecord(chess), 'node-a');
    expect(await keysNamed('friday')).toEqual([go, labelled].map(keyOfRecord).sort());
    expect(await subject.other.list()).toHaveLength(6);
  });

  it('registers a record of a server that knows no keys under its name (P1.7)', async () => {
    await subject.registry.upsert(roomOf({ game_id: 7 }));
    expect(await subject.other.resolve(namedRoomKey('friday'))).toMatchObject({ game_id: 7 });
    expect(await subject.other.findByName('friday')).toHaveLength(1);
  });

  it('takes keys and records as they are', async () => {
    for (const sessionid of ['__proto__', 'constructor', '"', '日本']) {
      const record = roomOf({ room_key: sessionRoomKey(sessionid), sessionid });
      await subject.registry.upsert(record);
      expect(await subject.other.resolve(sessionRoomKey(sessionid))).toEqual(record);
    }
    expect(await subject.other.findByName('friday')).toHaveLength(4);
    expect(await subject.registry.resolve('null')).toBeUndefined();
  });

  it('takes room names as they are', async () => {
    const names = ['__proto__', 'constructor', 'a:b{c}', '日本', '"quoted"', 'a b', '%2F'];
    for (const room_name of names) await subject.registry.upsert(roomOf({ room_name }));
    for (const name of names) {
      expect((await subject.registry.resolve(namedRoomKey(name)))?.room_name).toBe(name);
      expect(await subject.registry.findByName(name)).toHaveLength(1);
    }
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
    expect(await subject.registry.transfer(FRIDAY, 'node-a', moved, 60_000)).toBe('absent');
    await subject.registry.upsert(roomOf());
    expect(await subject.other.transfer(FRIDAY, 'node-b', moved, 60_000)).toBe('held-by-other-node');
    expect(await subject.registry.resolve(FRIDAY)).toEqual(roomOf());
    expect(await subject.registry.transfer(FRIDAY, 'node-a', moved, 60_000)).toBe('transferred');
    expect(await subject.other.list()).toEqual([moved]);
    expect(await subject.registry.findByName('friday')).toEqual([moved]);
    // What the node that gave it away still had under way changes nothing.
    expect(await subject.registry.upsert(roomOf())).toBe('held-by-other-node');
    expect(await subject.registry.remove(FRIDAY, 'node-a')).toBe('held-by-other-node');
    expect(await subject.registry.transfer(FRIDAY, 'node-a', moved, 60_000)).toBe('held-by-other-node');
    expect(await subject.other.upsert(moved)).toBe('stored');
  });

  it('lets one of many transfers of a room happen', async () => {
    await subject.registry.upsert(roomOf());
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, index) => {
        const target = roomOf({ nodeId: `node-${index}`, url: `https://${index}.example.org` });
        return (index % 2 === 0 ? subject.registry : subject.other).transfer(
          ...([FRIDAY, 'node-a', target, 60_000] as const),
        );
      }),
    );
    expect(outcomes.filter((outcome) => outcome === 'transferred')).toHaveLength(1);
  });
}
