import type { ChatLine, Replies, RequestData } from '@romm-netplay/protocol';
import { SocketError } from '../errors.js';
import { broadcast } from './broadcast.js';
import { assertMaySpread, type Caller, membershipOf } from './caller.js';
import { EventMessage } from '../players/event-message.js';
import type { Member } from './model/place.js';

export interface SendChatDeps {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly newId: () => string;
}

/** Shows a line of chat to every member, the sender included; whoever joins later finds it in their seat. */
export function sendChat(
  deps: SendChatDeps,
  caller: Caller,
  { message }: RequestData<'chat-message'>,
): Replies['chat-message'] {
  const { room } = membershipOf(caller);
  const line = lineOf(deps, caller, message);
  room.say(line);
  broadcast(room, 'chat-message', line);
  return { message_id: line.message_id };
}

/** Shows a line of chat to one other member alone; nobody finds it later. */
export function sendPrivately(deps: SendChatDeps, caller: Caller, receiver: Member, message: string): void {
  const line = lineOf(deps, caller, message);
  receiver.outbox.sendEvent(new EventMessage('chat-message', line));
}

/** @throws SocketError not_in_room, busy */
function lineOf({ now, newId }: SendChatDeps, caller: Caller, message: string): ChatLine {
  const { room, member } = membershipOf(caller);
  const { clientId, id } = member;
  const name = room.nameOf(id);
  if (!caller.maySay()) throw new SocketError('busy');
  return { message_id: newId(), client_id: clientId, player_id: id, name, message, timestamp: now() };
}

/** Sends JSON of the game's own to every other member. */
export function sendData(caller: Caller, { data }: RequestData<'data-message'>): Replies['data-message'] {
  const { room } = membershipOf(caller);
  assertMaySpread(caller, room, JSON.stringify(data).length);
  broadcast(room, 'data-message', { client_id: caller.clientId, data }, caller.clientId);
  return {};
}

/**
 * Carries WebRTC signalling to one member of the caller's own room; nobody else can be reached. What is meant
 * for a member whose connection is lost is dropped, as everything else is.
 */
export function sendSignal(
  caller: Caller,
  { target, signal }: RequestData<'webrtc-signal'>,
): Replies['webrtc-signal'] {
  const { room } = membershipOf(caller);
  const receiver = target === caller.clientId ? undefined : room.seenAs(target);
  if (receiver === undefined) throw new SocketError('target_not_in_room');
  receiver.outbox.sendEvent(new EventMessage('webrtc-signal', { client_id: caller.clientId, signal }));
  return {};
}
