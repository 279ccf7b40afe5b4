import { relayedFrame } from '@romm-netplay/protocol/wire';
import { SocketError } from '../errors.js';
import { type Caller, membershipOf } from './caller.js';

/**
 * Passes a binary frame of a player on to every other member, marked with the player's slot. The hot path:
 * the frame is built once, whatever the number of receivers.
 * @throws SocketError not_in_room, spectator, bad_frame
 */
export function relayFrame(caller: Caller, frame: Uint8Array): void {
  const { room, member } = membershipOf(caller);
  if (member.slot === null) throw new SocketError('spectator');
  const relayed = relayedFrame(frame, member.slot);
  if (relayed === undefined) throw new SocketError('bad_frame');
  for (const receiver of room.members) {
    if (receiver !== member) receiver.outbox.sendBinary(relayed);
  }
}
