import type { Replies, RequestData } from '@romm-netplay/protocol';
import { SocketError } from '../errors.js';
import { broadcast } from './broadcast.js';
import { type Caller, membershipOf } from './caller.js';
import { shownName } from './model/place.js';
import { EventMessage } from '../players/event-message.js';

export interface SendChatDeps {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly newId: () => string;
}

/** Shows a line of chat to every member, the sender included; whoever joins later finds it in their seat. */
export function sendChat(
  { now, newId }: SendChatDeps,
  caller: Caller,
  { message }: RequestData<'chat-message'>,
): Replies['chat-message'] {
  const { room, member } = membershipOf(caller);
  const messageId = newId();
  const line = {
    message_id: messageId,
    client_id: member.clientId,
    player_id: member.id,
    name: shownName(member),
    message,
    timestamp: now(),
  };
  room.say(line);
  broadcast(room, 'chat-message', line);
  return { message_id: messageId };
}

/** Sends JSON of the game's own to every other member. */
export function sendData(caller: Caller, { data }: RequestData<'data-message'>): Replies['data-message'] {
  const { room } = membershipOf(caller);
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
