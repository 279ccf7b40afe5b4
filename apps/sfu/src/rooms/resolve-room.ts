import type { RoomRecord } from '@romm-netplay/protocol';
import type { RoomRegistry } from '@romm-netplay/shared-state';
import { SocketError } from '../errors.js';

/** Which node hosts a room. @throws SocketError room_not_found */
export async function resolveRoom(
  { registry }: { readonly registry: RoomRegistry },
  roomName: string,
): Promise<RoomRecord> {
  const record = await registry.resolve(roomName);
  if (record === undefined) throw new SocketError('room_not_found');
  return record;
}
