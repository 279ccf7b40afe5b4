import { relayedFrame } from '@romm-netplay/protocol/wire';
import { SocketError } from '../errors.js';
import { assertMaySpread, type Caller, slotOf } from './caller.js';

/**
 * Passes a binary frame of a player on to every other member, marked with the player's slot. The hot path:
 * the frame is built once, whatever the number of receivers.
 * @throws SocketError not_in_room, spectator, bad_frame, busy
 */
export function relayFrame(caller: Caller, frame: Uint8Array): void {
  const { room, slot } = slotOf(caller);
  const relayed = relayedFrame(frame, slot);
  if (relayed === undefined) throw new SocketError('bad_frame');
  assertMaySpread(caller, room, relayed.length);
  for (const receiver of room.members) {
    if (receiver.clientId !== caller.clientId) receiver.outbox.sendBinary(relayed);
  }
}
