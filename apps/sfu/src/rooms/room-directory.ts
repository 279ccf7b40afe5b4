import type { RoomRecord } from '@romm-netplay/protocol';
import type { RoomRegistry } from '@romm-netplay/shared-state';
import { SocketError } from '../errors.js';
import { createAnnouncer } from './announcer.js';
import type { Room } from './room.js';

export interface RoomDirectoryOptions {
  readonly registry: RoomRegistry;
  readonly nodeId: string;
  /** This node's public URL, where players connect. */
  readonly url: string;
  readonly maxRooms: number;
  readonly maxRoomsPerPlayer?: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Told when a room could not be announced; the next refresh tries again. */
  readonly onError: (error: unknown, roomName: string) => void;
}

/** The rooms this node hosts, and what the registry knows of them. */
export interface RoomDirectory {
  readonly size: number;
  readonly nodeId: string;
  find(roomName: string): Room | undefined;
  rooms(): Iterable<Room>;
  /** Whether a player may open a room of this name. @throws SocketError room_exists, rooms_full */
  assertFree(roomName: string, playerId: string): Promise<void>;
  /**
   * Hosts a room once the registry has granted its name; until then nobody can find it.
   * @throws SocketError room_exists, rooms_full; StateUnavailableError
   */
  host(room: Room): Promise<void>;
  /** Tells the registry that a room changed, or is gone. Returns at once. */
  changed(room: Room): void;
  /** Refreshes every record; called at half the registry's time to live. */
  refresh(): void;
  /** Removes every room of this node from the registry. */
  close(): Promise<void>;
}

/** Rooms outlive their owner's connection for a grace time; nobody fills a node by opening and running off. */
const MAX_ROOMS_PER_PLAYER = 8;

export function createRoomDirectory(options: RoomDirectoryOptions): RoomDirectory {
  const { registry, nodeId, url, maxRooms, now, onError } = options;
  const { maxRoomsPerPlayer = MAX_ROOMS_PER_PLAYER } = options;
  const rooms = new Map<string, Room>();
  /** Rooms that are being opened just now. */
  const reserved = new Map<string, Room>();
  const recordOf = (room: Room): RoomRecord => ({
    ...room.extra,
    room_name: room.name,
    current: room.playerCount,
    max: room.maxPlayers,
    hasPassword: room.passwordHash !== undefined,
    visibility: room.visibility,
    nodeId,
    url,
    updatedAt: now(),
  });

  function assertFreeHere(roomName: string, playerId: string | undefined): void {
    if (rooms.has(roomName) || reserved.has(roomName)) throw new SocketError('room_exists');
    if (rooms.size + reserved.size >= maxRooms) throw new SocketError('rooms_full');
    const theirs = [...rooms.values(), ...reserved.values()].filter(
      (room) => room.ownerPlayerId === playerId,
    );
    if (theirs.length >= maxRoomsPerPlayer) throw new SocketError('rooms_full');
  }

  const { announce, settled } = createAnnouncer(async (roomName) => {
    try {
      const room = rooms.get(roomName);
      if (room === undefined) await registry.remove(roomName, nodeId);
      else if ((await registry.upsert(recordOf(room))) === 'held-by-other-node') {
        throw new Error('Another node holds a room of this name.');
      }
    } catch (error) {
      onError(error, roomName);
    }
  });

  return {
    nodeId,
    get size() {
      return rooms.size;
    },
    find: (roomName) => rooms.get(roomName),
    rooms: () => rooms.values(),
    async assertFree(roomName, playerId) {
      assertFreeHere(roomName, playerId);
      const held = await registry.resolve(roomName);
      // A record of our own that we do not host is left over from before a restart.
      if (held !== undefined && held.nodeId !== nodeId) throw new SocketError('room_exists');
    },
    async host(room) {
      assertFreeHere(room.name, room.ownerPlayerId);
      reserved.set(room.name, room);
      try {
        if ((await registry.upsert(recordOf(room))) === 'held-by-other-node')
          throw new SocketError('room_exists');
        rooms.set(room.name, room);
      } finally {
        reserved.delete(room.name);
      }
    },
    changed(room) {
      if (rooms.get(room.name) !== room) return;
      if (!room.hasPlayers) rooms.delete(room.name);
      announce(room.name);
    },
    refresh() {
      for (const roomName of rooms.keys()) announce(roomName);
    },
    async close() {
      const names = [...rooms.keys()];
      rooms.clear();
      for (const roomName of names) announce(roomName);
      await settled();
    },
  };
}
