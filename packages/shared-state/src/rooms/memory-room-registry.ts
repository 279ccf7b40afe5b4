import type { RoomRecord } from '@romm-netplay/protocol';
import { type HandoverRegistry, ROOM_TTL_MS } from './room-registry.js';

export interface RoomRegistryOptions {
  /** How long a record lives without a refresh. */
  readonly ttlMs?: number;
}

export interface MemoryRoomRegistryOptions extends RoomRegistryOptions {
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** The rooms of one process (mode A1). */
export function createMemoryRoomRegistry(options: MemoryRoomRegistryOptions = {}): HandoverRegistry {
  const { ttlMs = ROOM_TTL_MS, now = Date.now } = options;
  const entries = new Map<string, { record: RoomRecord; expiresAtMs: number }>();

  function live(roomName: string): RoomRecord | undefined {
    const entry = entries.get(roomName);
    if (entry === undefined) return undefined;
    if (entry.expiresAtMs > now()) return entry.record;
    entries.delete(roomName);
    return undefined;
  }

  const liveRecords = (): RoomRecord[] => [...entries.keys()].flatMap((roomName) => live(roomName) ?? []);

  return {
    upsert(record) {
      const held = live(record.room_name);
      if (held !== undefined && held.nodeId !== record.nodeId && held.url !== record.url) {
        return Promise.resolve('held-by-other-node');
      }
      entries.set(record.room_name, { record: structuredClone(record), expiresAtMs: now() + ttlMs });
      return Promise.resolve('stored');
    },
    remove(roomName, nodeId) {
      const held = live(roomName);
      if (held === undefined) return Promise.resolve('absent');
      if (nodeId !== undefined && held.nodeId !== nodeId) return Promise.resolve('held-by-other-node');
      entries.delete(roomName);
      return Promise.resolve('removed');
    },
    transfer(roomName, fromNodeId, record, lifeMs) {
      const held = live(roomName);
      if (held === undefined) return Promise.resolve('absent');
      if (held.nodeId !== fromNodeId) return Promise.resolve('held-by-other-node');
      entries.set(roomName, { record: structuredClone(record), expiresAtMs: now() + lifeMs });
      return Promise.resolve('transferred');
    },
    resolve: (roomName) => Promise.resolve(structuredClone(live(roomName))),
    findBySession: (sessionid) =>
      Promise.resolve(structuredClone(liveRecords().find((record) => record['sessionid'] === sessionid))),
    list: () => Promise.resolve(structuredClone(liveRecords())),
  };
}
