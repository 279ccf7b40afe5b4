import type { Events, EventType } from '@romm-netplay/protocol';
import { EventMessage } from '../players/event-message.js';
import type { Room } from './model/room.js';

/** Sends an event to every member but `exceptClientId`; encoded once. */
export function broadcast<T extends EventType>(
  room: Room,
  type: T,
  data: Events[T],
  exceptClientId?: string,
): void {
  const event = new EventMessage(type, data);
  for (const member of room.members) {
    if (member.clientId !== exceptClientId) member.outbox.sendEvent(event);
  }
}
