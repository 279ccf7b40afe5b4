import { keyOfRecord, type RoomRecord } from '@romm-netplay/protocol';
import { type HandoverRegistry, ROOM_TTL_MS } from './room-registry.js';

export interface RoomRegistryOptions {
  /** How long a record lives without a refresh. */
  readonly ttlMs?: number;
}

export interface MemoryRoomRegistryOptions extends RoomRegistryOptions {
  /** Milliseconds since any moment; only goes on. */
  readonly elapsed?: () => number;
}

/** The rooms of one process (mode A1). */
export function createMemoryRoomRegistry(options: MemoryRoomRegistryOptions = {}): HandoverRegistry {
  const { ttlMs = ROOM_TTL_MS, elapsed = () => performance.now() } = options;
  const entries = new Map<string, { record: RoomRecord; expiresAtMs: number }>();

  function live(key: string): RoomRecord | undefined {
    const entry = entries.get(key);
    if (entry === undefined) return undefined;
    if (entry.expiresAtMs > elapsed()) return entry.record;
    entries.delete(key);
    return undefined;
  }

  const liveRecords = (): RoomRecord[] => [...entries.keys()].flatMap((key) => live(key) ?? []);

  return {
    upsert(record, { knownByUrl = true } = {}) {
      const key = keyOfRecord(record);
      const held = live(key);
      const isSame = held?.nodeId === record.nodeId || (knownByUrl && held?.url === record.url);
      const isGuarded = record.byAuth === true && held?.byAuth !== true;
      if (held !== undefined && (!isSame || isGuarded)) return Promise.resolve('held-by-other-node');
      entries.set(key, { record: structuredClone(record), expiresAtMs: elapsed() + ttlMs });
      return Promise.resolve('stored');
    },
    remove(key, nodeId, { byAuth = false } = {}) {
      const held = live(key);
      if (held === undefined) return Promise.resolve('absent');
      const isOther = nodeId !== undefined && held.nodeId !== nodeId;
      if (isOther || (byAuth && held.byAuth !== true)) return Promise.resolve('held-by-other-node');
      entries.delete(key);
      return Promise.resolve('removed');
    },
    transfer(key, fromNodeId, record, lifeMs) {
      const held = live(key);
      if (held === undefined) return Promise.resolve('absent');
      if (held.nodeId !== fromNodeId) return Promise.resolve('held-by-other-node');
      entries.set(key, { record: structuredClone(record), expiresAtMs: elapsed() + lifeMs });
      return Promise.resolve('transferred');
    },
    resolve: (key) => Promise.resolve(structuredClone(live(key))),
    findByName: (name) =>
      Promise.resolve(structuredClone(liveRecords().filter((record) => record.room_name === name))),
    list: () => Promise.resolve(structuredClone(liveRecords())),
  };
}
