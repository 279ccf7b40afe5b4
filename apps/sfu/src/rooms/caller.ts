import { SocketError } from '../errors.js';
import type { Holder, Member, Room } from './room.js';

/**
 * Who asks: one authenticated connection. What it may do follows from `player` and `room`, decided when it
 * said hello and joined; no later request touches a token (S2), except the one-time token of opening or
 * joining.
 */
export interface Caller extends Holder {
  /** False once the connection has gone; checked after every wait, before anything is changed. */
  readonly connected: boolean;
  /** The room it joined last; the room itself knows whether it still holds a place there. */
  room: Room | undefined;
}

/** @throws SocketError not_in_room */
export function membershipOf(caller: Caller): { room: Room; member: Member } {
  const { room } = caller;
  const member = room?.heldBy(caller);
  if (room === undefined || member === undefined) throw new SocketError('not_in_room');
  return { room, member };
}

/** @throws SocketError already_in_room */
export function assertInNoRoom(caller: Caller): void {
  if (caller.room?.heldBy(caller) !== undefined) throw new SocketError('already_in_room');
}
