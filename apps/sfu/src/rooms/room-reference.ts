import { keyOfRecord, namedRoomKey, type RoomRecord, sessionRoomKey } from '@romm-netplay/protocol';
import type { RoomRegistry } from '@romm-netplay/shared-state';
import { SocketError } from '../errors.js';
import type { Room } from './model/room.js';
import type { RoomDirectory } from './room-directory.js';

/** How a client says which room it means. */
export interface RoomReference {
  readonly room_name: string;
  /** Rooms of several games may be called alike. */
  readonly game_id?: string | number | undefined;
  /** Of a room that stock EmulatorJS opened: it alone says which. */
  readonly sessionid?: string | undefined;
}

/** What a room is registered under, by what its owner says of it. */
export const keyOf = ({ room_name: name, game_id: gameId, sessionid }: RoomReference): string =>
  sessionid === undefined ? namedRoomKey(name, gameId) : sessionRoomKey(sessionid);

interface Called {
  readonly room_name: string;
  readonly game_id?: unknown;
  readonly sessionid?: unknown;
}

/**
 * Of the rooms of a name, the one that is meant: of the game, where that is told and there is one; rather one
 * that goes by its name than one of stock EmulatorJS, whose name is but a label.
 * @throws SocketError room_ambiguous
 */
export function chooseRoom<R extends Called>(
  called: readonly R[],
  gameId: RoomReference['game_id'],
): R | undefined {
  const ofGame = gameId === undefined ? [] : called.filter((room) => String(room.game_id) === String(gameId));
  const fitting = ofGame.length > 0 ? ofGame : called;
  const named = fitting.filter((room) => room.sessionid === undefined);
  const [first, ...others] = named.length > 0 ? named : fitting;
  if (others.length > 0) throw new SocketError('room_ambiguous');
  return first;
}

/** A room of this node, or what the registry knows of one. */
export type Found = { readonly room: Room } | { readonly record: RoomRecord };

/**
 * Looks a room up: here first, then in the registry, which knows all. `isShown` leaves out what the caller may
 * not know of, so that it cannot even be in the way. @throws SocketError room_ambiguous; StateUnavailableError
 */
export async function lookUp(
  { directory, registry }: { readonly directory: RoomDirectory; readonly registry: RoomRegistry },
  reference: RoomReference,
  isShown: (found: Found) => boolean,
): Promise<Found | undefined> {
  const shown = (found: Found): Found | undefined => (isShown(found) ? found : undefined);
  const key = keyOf(reference);
  const here = directory.find(key);
  if (here !== undefined && isShown({ room: here })) return { room: here };
  if (reference.sessionid !== undefined) {
    const record = await registry.resolve(key);
    return record && shown({ record });
  }
  const records = await registry.findByName(reference.room_name);
  const known = new Set(records.map(keyOfRecord));
  // One that the registry does not know of, because it lost it or has not been told yet.
  const unannounced = directory.named(reference.room_name).filter((room) => !known.has(room.key));
  const called = [
    ...unannounced.map((room) => ({ ...room.extra, room_name: room.name, found: { room } })),
    ...records.map((record) => ({ ...record, found: foundAt(directory, record) })),
  ].filter(({ found }) => isShown(found));
  return chooseRoom(called, reference.game_id)?.found;
}

function foundAt(directory: RoomDirectory, record: RoomRecord): Found {
  const room = directory.find(keyOfRecord(record));
  return room === undefined ? { record } : { room };
}
