import type { Events, EventType } from '@romm-netplay/protocol';
import type { Room } from './room.js';

/** The text of an event as every receiver gets it. */
export const eventText = <T extends EventType>(type: T, data: Events[T]): string =>
  JSON.stringify({ type, data });

/** Sends an event to every member but `exceptClientId`; encoded once. */
export function broadcast<T extends EventType>(
  room: Room,
  type: T,
  data: Events[T],
  exceptClientId?: string,
): void {
  const text = eventText(type, data);
  for (const member of room.members) {
    if (member.clientId !== exceptClientId) member.outbox.sendText(text);
  }
}

export function broadcastUsers(room: Room): void {
  broadcast(room, 'users-updated', { room_name: room.name, users: room.users() });
}
