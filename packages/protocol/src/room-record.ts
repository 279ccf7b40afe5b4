import { z } from 'zod';
import { MAX_ROOM_NAME_LENGTH } from './limits.js';
import { NAMED } from './metadata.js';
import { cleanName } from './names.js';

/** Longer than a name may be, since cleaning shortens. */
const MAX_RAW_LENGTH = 4 * MAX_ROOM_NAME_LENGTH;
/** Paths have these for themselves: no client could ask for `/join/..`. */
const DOTS = ['.', '..'];

/** Cleaned as every name is (`cleanName`), so that whoever asks for a room finds it however they write it. */
export const roomName = z
  .string()
  .min(1)
  .max(MAX_RAW_LENGTH)
  .transform(cleanName)
  .pipe(
    z
      .string()
      .min(1, 'has nothing in it that is shown')
      .max(MAX_ROOM_NAME_LENGTH)
      .refine((name) => !DOTS.includes(name), 'must not be "." or ".."'),
  )
  .meta({ description: 'Names the room; one game has one of each name.', example: 'friday-night' });

/**
 * A room as the registry keeps it and `/list` shows it. Fields a server adds of its own are kept, so that
 * servers of other versions can share one registry.
 */
export const roomRecord = z
  .looseObject({
    room_name: roomName,
    current: z.int().min(0).max(10_000).describe('Players in slots.'),
    max: z.int().min(0).max(10_000).describe('Slots.'),
    hasPassword: z.boolean().default(false),
    nodeId: z.string().min(1).max(255).describe('The SFU node that hosts the room.'),
    url: z
      .url({ protocol: /^(https?|wss?)$/ })
      .max(2048)
      .describe("The hosting node's public URL."),
    updatedAt: z
      .union([z.number(), z.string().max(64)])
      .optional()
      .describe('When the hosting node last reported the room.'),
    byAuth: z.boolean().optional().describe('Auth wrote it, for a server without Redis; for servers only.'),
    room_key: z
      .string()
      .max(1024)
      .optional()
      .describe('What the room is registered under; by default what its name makes.'),
  })
  .meta({ id: 'RoomRecord' });

export type RoomRecord = z.output<typeof roomRecord>;

/** Names the guests who have a place in the room, so that other nodes find it for them; for servers only. */
export const GUESTS_MEMBER = 'guest_players';

/** A record as people of its instance may see it. */
export function shownRecord(record: RoomRecord): RoomRecord {
  const { [GUESTS_MEMBER]: _guests, room_key: _key, byAuth: _byAuth, ...shown } = record;
  return shown;
}

/** A record as the server wrote it that asks. */
export const writtenRecord = ({ byAuth: _byAuth, ...written }: RoomRecord): RoomRecord => written;

/**
 * What a room of a name is registered under, one for each game: rooms of different games may be called alike.
 * A line end is in no name.
 */
export const namedRoomKey = (name: string, gameId?: string | number): string =>
  gameId === undefined ? `${NAMED}${name}` : `${NAMED}${name}\n${gameId}`;

/** The way back; undefined for what is no such key. No session id begins like one. */
export function namedRoomOf(key: string): { room_name: string; game_id?: string } | undefined {
  if (!key.startsWith(NAMED)) return undefined;
  const [name = '', gameId] = key.slice(NAMED.length).split('\n');
  return { room_name: name, ...(gameId !== undefined && { game_id: gameId }) };
}

/** The same of a room that is known by the session id of stock EmulatorJS, whose name is but a label. */
export const sessionRoomKey = (sessionid: string): string => `session:${sessionid}`;

/** What a record is registered under. Servers that know no keys have one room of a name. */
export const keyOfRecord = ({
  room_key: key,
  room_name: name,
}: Pick<RoomRecord, 'room_key' | 'room_name'>): string => key ?? namedRoomKey(name);

/** Room name to record; see `mapOfRooms`. */
export const roomMap = z.record(z.string(), roomRecord).meta({ id: 'RoomMap' });
export type RoomMap = Record<string, RoomRecord>;

/** By name; of several rooms that are called alike the others have a number behind it. */
export function mapOfRooms(records: readonly RoomRecord[]): RoomMap {
  const map = new Map<string, RoomRecord>();
  for (const record of records) {
    let label = record.room_name;
    for (let number = 2; map.has(label); number += 1) label = `${record.room_name} #${number}`;
    map.set(label, record);
  }
  return Object.fromEntries(map);
}
