import { SocketError } from '../errors.js';
import type { GuestDeps } from '../guests/assert-may.js';
import { findsRoom } from '../guests/find-allowed.js';
import type { Caller } from '../rooms/caller.js';
import type { FindRoomDeps } from '../rooms/find-room.js';
import type { SendChatDeps } from '../rooms/send-message.js';
import type { Room } from '../rooms/model/room.js';
import type { RequestRates } from '../signaling/request-rates.js';
import type { Session } from '../signaling/session.js';
import type { Aliases } from './aliases.js';
import type { SocketIoOutbox } from './outbox.js';

/** One Socket.IO connection, for the handlers of its events. */
export interface ConnectionContext {
  readonly session: Session;
  readonly outbox: SocketIoOutbox;
  /**
   * The token it was opened with: today's clients have no other to open and join with. Undefined for those who came
   * with RomM's session, for whom the node gets one.
   */
  readonly connectToken: string | undefined;
  readonly aliases: Aliases;
  /** Where rooms are looked up. */
  readonly rooms: FindRoomDeps & GuestDeps & SendChatDeps;
  readonly rates: RequestRates;
}

/** Answers what the acknowledgement is called with; a rejection is told by a word of the dialect. */
export type LegacyHandler = (
  context: ConnectionContext,
  payload: unknown,
) => readonly unknown[] | Promise<readonly unknown[]>;

export function callerOf({ session }: ConnectionContext): Caller {
  // A connection is bound after its token was verified, so this is for the compiler.
  if (session.caller === undefined) throw new SocketError('unauthorized');
  return session.caller;
}

/**
 * The room of this connection, whatever room the event names: a name gives no access (D12), and one that is
 * meant for another room must not change this one. @throws SocketError room_not_found, not_in_room
 */
export function ownRoom(context: ConnectionContext, roomName: string | undefined): Room {
  const caller = callerOf(context);
  const { room } = caller;
  if (room?.heldBy(caller) !== undefined && (roomName === undefined || roomName === room.name)) return room;
  const named = roomName === undefined ? [] : context.rooms.directory.named(roomName);
  const exists = roomName === undefined || named.some((each) => findsRoom(caller.player, each));
  throw new SocketError(exists ? 'not_in_room' : 'room_not_found');
}
