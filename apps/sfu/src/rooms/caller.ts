import { SocketError } from '../errors.js';
import type { Outbox } from '../ports.js';
import type { Player } from '../signaling/player.js';
import type { Member, Room } from './room.js';

/**
 * Who asks: one authenticated connection. What it may do follows from `player` and `room`, decided when it
 * said hello and joined; no later request touches a token (S2), except the one-time token of opening or
 * joining.
 */
export interface Caller {
  readonly clientId: string;
  readonly player: Player;
  readonly outbox: Outbox;
  /** False once the connection has gone; checked after every wait, before anything is changed. */
  readonly connected: boolean;
  /** The room it joined last; the room itself knows whether it is still a member. */
  room: Room | undefined;
}

/** @throws SocketError not_in_room */
export function membershipOf({ room, clientId }: Caller): { room: Room; member: Member } {
  const member = room?.member(clientId);
  if (room === undefined || member === undefined) throw new SocketError('not_in_room');
  return { room, member };
}

/** @throws SocketError already_in_room */
export function assertInNoRoom({ room, clientId }: Caller): void {
  if (room?.member(clientId) !== undefined) throw new SocketError('already_in_room');
}
