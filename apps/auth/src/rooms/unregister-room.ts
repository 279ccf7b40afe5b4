import { isWrittenByItself } from '@romm-netplay/shared-state';
import { AuthError } from '../errors.js';
import type { RoomsDeps } from './register-room.js';

/**
 * Removes a room's record; removing an absent one is fine. Servers that predate `nodeId` in this call name
 * only the room and are taken at their word: they hold the internal secret. Not for rooms of nodes that write
 * themselves. @throws AuthError room_held_elsewhere
 */
export async function unregisterRoom(
  { rooms, nodes }: Pick<RoomsDeps, 'rooms' | 'nodes'>,
  { key, nodeId }: { key: string; nodeId: string | undefined },
): Promise<void> {
  const held = await rooms.resolve(key);
  if (held !== undefined && isWrittenByItself(await nodes.list(), held)) {
    throw new AuthError('room_held_elsewhere');
  }
  const outcome = await rooms.remove(key, nodeId);
  if (outcome === 'held-by-other-node') throw new AuthError('room_held_elsewhere');
}
