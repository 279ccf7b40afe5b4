import type { RoomRecord } from '@romm-netplay/protocol';
import type { RoomRegistry } from '@romm-netplay/shared-state';
import { SocketError } from '../errors.js';
import type { Player } from '../players/player.js';
import { createAnnouncer } from './announcer.js';
import type { Room } from './model/room.js';

export interface RoomDirectoryOptions {
  readonly registry: RoomRegistry;
  readonly nodeId: string;
  /** This node's public URL, where players connect. */
  readonly url: string;
  readonly maxRooms: number;
  /** Takes a room that another node has left for this one, once; undefined when there is none. */
  readonly takeOver?: (key: string) => Promise<Room | undefined>;
  readonly maxRoomsPerPlayer?: number;
  /** How many rooms the guests of an instance may own here together. */
  readonly maxRoomsOf?: (instance: string) => number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Told when a room could not be announced; the next refresh tries again. */
  readonly onError: (error: unknown, key: string) => void;
}

/** The rooms this node hosts, and what the registry knows of them. */
export interface RoomDirectory {
  readonly size: number;
  readonly nodeId: string;
  readonly url: string;
  /** Whether nothing new is let in, because the node is being emptied (P2.10). */
  readonly draining: boolean;
  /** Whether no room is here and none is being opened. */
  readonly empty: boolean;
  /** The room that is registered under a key. */
  find(key: string): Room | undefined;
  /** The rooms that are called so. */
  named(roomName: string): Room[];
  rooms(): Iterable<Room>;
  /**
   * Whether a player may open a room under a key.
   * @throws SocketError room_exists, rooms_full, guests_full, node_draining; StateUnavailableError
   */
  assertFree(key: string, player: Player): Promise<void>;
  /**
   * Hosts a room once the registry has granted its key; until then nobody can find it.
   * @throws SocketError room_exists, rooms_full, guests_full, node_draining; StateUnavailableError
   */
  host(room: Room): Promise<void>;
  /**
   * Hosts a room that another node has given to this one; undefined when none is waiting. Callers at the same
   * time share one answer. @throws SocketError node_draining; StateUnavailableError
   */
  adopt(key: string): Promise<Room | undefined>;
  /** From now on opens, admits and adopts nothing. */
  drain(): void;
  /** Makes a room unchangeable and unannounced, so that it can be moved; resolves when nothing is under way. */
  freeze(room: Room): Promise<void>;
  /** The room stays after all. */
  thaw(room: Room): void;
  /** The room is not this node's any more; its record is left alone. It stays frozen. */
  release(room: Room): void;
  /** Whether a room may be changed here. @throws SocketError node_draining */
  assertChangeable(room: Room | undefined): void;
  /** Whether a player, and their instance, own fewer rooms here than they may. */
  mayOwnMore(player: Player): boolean;
  /** Whether new members may come in. @throws SocketError node_draining */
  assertAdmits(room: Room): void;
  /** What the registry is told of a room. */
  recordOf(room: Room): RoomRecord;
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
  const { registry, nodeId, url } = options;
  const held: HeldRooms = {
    rooms: new Map(),
    reserved: new Map(),
    adopting: new Map(),
    frozen: new WeakSet(),
  };
  const { rooms, reserved, adopting, frozen } = held;
  const gate = createGate(options, held);
  const recordOf = (room: Room): RoomRecord => ({
    ...room.listing(),
    nodeId,
    url,
    updatedAt: options.now(),
  });
  const { announce, settled } = createAnnouncer(createPublisher(options, held, recordOf));
  const adopt = createAdoption(options, held, gate, announce);

  return {
    ...{ nodeId, url, recordOf, adopt, freeze, thaw, mayOwnMore: gate.mayOwnMore },
    ...{ drain: gate.drain, assertChangeable: gate.assertChangeable, assertAdmits: gate.assertAdmits },
    get draining() {
      return gate.isDraining();
    },
    get size() {
      return rooms.size;
    },
    get empty() {
      return rooms.size + reserved.size + adopting.size === 0;
    },
    find: (key) => rooms.get(key),
    named: (roomName) => [...rooms.values()].filter(({ name }) => name === roomName),
    rooms: () => rooms.values(),
    async assertFree(key, player) {
      gate.assertFreeHere(key, player);
      const record = await registry.resolve(key);
      if (record === undefined) return;
      // A record of our own that we do not host: a room on its way here, or left over from before a restart.
      const isTaken = record.nodeId !== nodeId || (await adopt(key)) !== undefined;
      if (isTaken) throw new SocketError('room_exists');
    },
    async host(room) {
      gate.assertFreeHere(room.key, room.owner);
      reserved.set(room.key, room);
      try {
        const outcome = await registry.upsert(recordOf(room));
        if (outcome === 'held-by-other-node') throw new SocketError('room_exists');
        rooms.set(room.key, room);
      } finally {
        reserved.delete(room.key);
        // The registry may have taken it, and only the answer was lost.
        if (rooms.get(room.key) !== room) announce(room.key);
      }
    },
    release(room) {
      if (rooms.get(room.key) === room) rooms.delete(room.key);
    },
    changed(room) {
      if (rooms.get(room.key) !== room || frozen.has(room)) return;
      if (!room.hasPlayers) rooms.delete(room.key);
      announce(room.key);
    },
    refresh() {
      for (const key of rooms.keys()) announce(key);
    },
    async close() {
      const keys = [...rooms.keys()];
      rooms.clear();
      for (const key of keys) announce(key);
      await settled();
    },
  };

  function freeze(room: Room): Promise<void> {
    frozen.add(room);
    return settled(room.key);
  }

  function thaw(room: Room): void {
    frozen.delete(room);
    // Everybody may have left meanwhile.
    if (!room.hasPlayers) rooms.delete(room.key);
    announce(room.key);
  }
}

/** By key. */
interface HeldRooms {
  readonly rooms: Map<string, Room>;
  /** Those that are being opened just now. */
  readonly reserved: Map<string, Room>;
  /** Those that another node may have left for this one. */
  readonly adopting: Map<string, Promise<Room | undefined>>;
  /** Those that are on their way to another node. */
  readonly frozen: WeakSet<Room>;
}

/** Judges what may be opened, joined and changed here. */
function createGate(
  { maxRooms, maxRoomsPerPlayer = MAX_ROOMS_PER_PLAYER, maxRoomsOf = () => 0 }: RoomDirectoryOptions,
  { rooms, reserved, frozen }: HeldRooms,
) {
  let draining = false;

  function assertNotDraining(): void {
    if (draining) throw new SocketError('node_draining');
  }

  function assertChangeable(room: Room | undefined): void {
    if (room !== undefined && frozen.has(room)) throw new SocketError('node_draining');
  }

  const ownedWhere = (fits: (owner: Player) => boolean): number =>
    [...rooms.values(), ...reserved.values()].filter(({ owner }) => owner !== undefined && fits(owner))
      .length;

  const hasOwnQuota = ({ playerId }: Player): boolean =>
    ownedWhere((owner) => owner.playerId === playerId) < maxRoomsPerPlayer;

  const hasQuotaOfInstance = ({ instance }: Player): boolean =>
    instance === null || ownedWhere((owner) => owner.instance === instance) < maxRoomsOf(instance);

  return {
    isDraining: () => draining,
    mayOwnMore: (player: Player) => hasOwnQuota(player) && hasQuotaOfInstance(player),
    drain: () => void (draining = true),
    assertNotDraining,
    assertChangeable,
    assertAdmits(room: Room): void {
      assertChangeable(room);
      assertNotDraining();
    },
    assertFreeHere(key: string, player: Player | undefined): void {
      assertNotDraining();
      if (rooms.has(key) || reserved.has(key)) throw new SocketError('room_exists');
      if (rooms.size + reserved.size >= maxRooms) throw new SocketError('rooms_full');
      if (player === undefined) return;
      if (!hasOwnQuota(player)) throw new SocketError('rooms_full');
      if (hasQuotaOfInstance(player)) return;
      const message = `Players of ${player.instance} own as many rooms of this node as they may; try again later.`;
      throw new SocketError('guests_full', { message });
    },
  };
}

/** Brings the registry up to date about a room, as it is at that moment. */
const createPublisher =
  (
    { registry, nodeId, onError }: RoomDirectoryOptions,
    { rooms, frozen }: HeldRooms,
    recordOf: (room: Room) => RoomRecord,
  ) =>
  async (key: string): Promise<void> => {
    try {
      const room = rooms.get(key);
      if (room === undefined) await registry.remove(key, nodeId);
      else if (frozen.has(room)) return;
      else if ((await registry.upsert(recordOf(room))) === 'held-by-other-node') {
        throw new Error('Another node holds a room of this name and game.');
      }
    } catch (error) {
      onError(error, key);
    }
  };

/** Hosts rooms that other nodes have given to this one; who asks for one at the same time shares the answer. */
function createAdoption(
  { takeOver = () => Promise.resolve(undefined) }: RoomDirectoryOptions,
  { rooms, reserved, adopting }: HeldRooms,
  { assertNotDraining }: { readonly assertNotDraining: () => void },
  announce: (key: string) => void,
) {
  async function adopt(key: string): Promise<Room | undefined> {
    assertNotDraining();
    const room = await takeOver(key);
    // Opened here meanwhile, by somebody who found the key free.
    if (room === undefined || rooms.has(key) || reserved.has(key)) return rooms.get(key);
    rooms.set(key, room);
    announce(key);
    return room;
  }

  return (key: string): Promise<Room | undefined> => {
    const underWay = adopting.get(key) ?? adopt(key).finally(() => adopting.delete(key));
    adopting.set(key, underWay);
    return underWay;
  };
}
