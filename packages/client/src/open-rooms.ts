import { enterRoom, type NetplayRoom, type Room, type RoomDeps } from './room.js';
import {
  type Attach,
  createSeats,
  type Held,
  type JoinRoomOptions,
  memberOf,
  type OpenRoomOptions,
  type SeatsDeps,
} from './seats.js';

/** Opens and joins the rooms of one instance. */
export interface Entry {
  open(options: OpenRoomOptions): Promise<NetplayRoom>;
  join(options: JoinRoomOptions): Promise<NetplayRoom>;
}

export interface EntryDeps extends SeatsDeps, Pick<RoomDeps, 'credential' | 'explain'> {}

/** The rooms that the player is in, of whatever instance. */
export interface OpenRooms {
  entryTo(deps: EntryDeps): Entry;
  /** Leaves them all, and whichever is entered later. */
  close(): Promise<void>;
}

export function createOpenRooms(reconnectMs: number): OpenRooms {
  const rooms = new Set<Room>();
  let isOpen = true;

  return {
    entryTo(deps) {
      const seats = createSeats(deps);
      const onClosed = (room: Room): void => void rooms.delete(room);
      const enter = async (options: JoinRoomOptions, take: (attach: Attach) => Promise<Held>) => {
        const room = await enterRoom({ ...deps, seats, reconnectMs, onClosed }, options, take);
        if (room.state !== 'closed') rooms.add(room);
        if (!isOpen) await room.leave();
        return room;
      };
      return {
        open: (room) => enter(memberOf(room), (attach) => seats.open(room, attach)),
        join: (room) => enter(room, (attach) => seats.join(room, attach)),
      };
    },
    async close() {
      isOpen = false;
      await Promise.all([...rooms].map((room) => room.leave()));
    },
  };
}
