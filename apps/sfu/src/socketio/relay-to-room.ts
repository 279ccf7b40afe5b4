import { CHANNELS, encodeFrame, MAX_BINARY_FRAME_BYTES, MAX_SIGNAL_BYTES } from '@romm-netplay/protocol/wire';
import { SocketError } from '../errors.js';
import { assertMaySpread, membershipOf, slotOf } from '../rooms/caller.js';
import { EventMessage } from '../players/event-message.js';
import { callerOf, type ConnectionContext } from './connection-context.js';
import { STOCK } from './dialect.js';
import { forStock } from './for-stock.js';
import { legacyUserId } from './legacy-id.js';
import { SocketIoOutbox } from './outbox.js';

/** The game's own traffic: passed on at once, without being looked into. */
export const RELAYED_EVENTS = {
  input: CHANNELS.input,
  snapshot: CHANNELS.snapshot,
  'data-message': CHANNELS.data,
};
export type RelayedEvent = keyof typeof RELAYED_EVENTS;

export const isRelayed = (name: string): name is RelayedEvent => Object.hasOwn(RELAYED_EVENTS, name);

/** What goes through encoders that call themselves; deeper, it is no message of a game. */
const MAX_DEPTH = 32;

/**
 * Passes what the game sends to every other member. Bare bytes become a binary frame for everybody. The rest
 * reaches Socket.IO clients as it came, followed by who sent it; clients of netplay.v1 get what they could have
 * sent as well: JSON of bounded size, as `data-message`.
 */
export function relayToRoom(context: ConnectionContext, name: RelayedEvent, data: unknown): void {
  if (Buffer.isBuffer(data) && data.length < MAX_BINARY_FRAME_BYTES) {
    context.session.receiveBinary(encodeFrame(RELAYED_EVENTS[name], data));
    return;
  }
  const caller = callerOf(context);
  const { room, member } = membershipOf(caller);
  if (name !== 'data-message') slotOf(caller);
  const { shape, bytes } = measure(data, MAX_DEPTH);
  if (shape === 'too-deep' || data === undefined) throw new SocketError('invalid_request');
  assertMaySpread(caller, room, bytes);
  const from = { sender: caller.clientId, userid: legacyUserId(caller.player.playerId) };
  let event: EventMessage<'data-message'> | undefined;
  for (const receiver of room.members) {
    if (receiver === member) continue;
    if (receiver.outbox instanceof SocketIoOutbox) {
      const shown = receiver.outbox.dialect === STOCK ? forStock(name, data, member) : data;
      if (shown !== undefined) receiver.outbox.emit(name, shown, from);
    } else if (shape === 'json') {
      event ??= new EventMessage('data-message', { client_id: caller.clientId, data });
      if (event.text.length <= MAX_SIGNAL_BYTES) receiver.outbox.sendEvent(event);
    }
  }
}

type Shape = 'json' | 'binary' | 'too-deep';

/** Whether a message can be written as JSON, and about how many bytes it has. */
function measure(value: unknown, depth: number): { shape: Shape; bytes: number } {
  if (typeof value === 'string') return { shape: 'json', bytes: value.length };
  if (typeof value !== 'object' || value === null) return { shape: 'json', bytes: 8 };
  if (ArrayBuffer.isView(value)) return { shape: 'binary', bytes: value.byteLength };
  if (depth === 0) return { shape: 'too-deep', bytes: 0 };
  const whole = { shape: 'json' as Shape, bytes: 8 };
  for (const [name, member] of Object.entries(value)) {
    const { shape, bytes } = measure(member, depth - 1);
    if (shape === 'too-deep') return { shape, bytes: 0 };
    if (shape === 'binary') whole.shape = shape;
    whole.bytes += name.length + bytes;
  }
  return whole;
}
