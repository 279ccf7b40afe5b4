import { SocketError } from '../errors.js';
import type { Holder, Member } from './model/place.js';
import type { Room } from './model/room.js';

/**
 * Who asks: one authenticated connection. What it may do follows from `player` and `room`, decided when it
 * said hello and joined; no later request touches a token (S2), except the one-time token of opening or
 * joining.
 */
export interface Caller extends Holder {
  /** False once the connection has gone; checked after every wait, before anything is changed. */
  readonly connected: boolean;
  /** Mints a write token for this connection, where its player has no way to get one. */
  readonly ticket: (() => Promise<string>) | undefined;
  /** Whether it may show a line of chat to others already. */
  readonly maySay: () => boolean;
  /** Whether it may have so many bytes sent to others, counted for each of them. */
  readonly maySpread: (bytes: number) => boolean;
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

/** For what a caller sends to every other member of a room. @throws SocketError busy */
export function assertMaySpread(caller: Caller, room: Room, bytes: number): void {
  if (!caller.maySpread(bytes * Math.max(0, room.members.size - 1))) throw new SocketError('busy');
}

/** The room that the caller owns. @throws SocketError not_in_room, not_owner */
export function ownedRoom(caller: Caller): Room {
  const { room, member } = membershipOf(caller);
  if (!room.isOwner(member.id)) throw new SocketError('not_owner');
  return room;
}

/** The caller's slot in a room. @throws SocketError not_in_room, spectator */
export function slotOf(caller: Caller): { room: Room; slot: number; memberId: string } {
  const { room, member } = membershipOf(caller);
  if (member.slot === null) throw new SocketError('spectator');
  return { room, slot: member.slot, memberId: member.id };
}

/** @throws SocketError already_in_room */
export function assertInNoRoom(caller: Caller): void {
  if (caller.room?.heldBy(caller) !== undefined) throw new SocketError('already_in_room');
}
