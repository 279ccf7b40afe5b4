import { AuthError } from '../errors.js';
import type { RoomsDeps } from './register-room.js';

/**
 * Removes a room's record; removing an absent one is fine, and one that a node has written itself is not for auth to
 * remove. @throws AuthError room_held_elsewhere
 */
export async function unregisterRoom(
  { rooms }: Pick<RoomsDeps, 'rooms'>,
  { key, nodeId }: { key: string; nodeId: string | undefined },
): Promise<void> {
  const outcome = await rooms.remove(key, nodeId, { byAuth: true });
  if (outcome === 'held-by-other-node') throw new AuthError('room_held_elsewhere');
}
