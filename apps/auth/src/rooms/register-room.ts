import type { RoomRecord } from '@romm-netplay/protocol';
import { isWrittenByItself, type NodeRegistry, type RoomRegistry } from '@romm-netplay/shared-state';
import { AuthError } from '../errors.js';

export interface RoomsDeps {
  readonly rooms: RoomRegistry;
  readonly nodes: NodeRegistry;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/**
 * Writes or refreshes the record of a room that a node without Redis hosts (P1.7); none under the name or the
 * address of a node that writes itself. @throws AuthError room_held_elsewhere
 */
export async function registerRoom({ rooms, nodes, now }: RoomsDeps, record: RoomRecord): Promise<void> {
  if (isWrittenByItself(await nodes.list(), record)) throw new AuthError('room_held_elsewhere');
  const outcome = await rooms.upsert({ updatedAt: now(), ...record });
  if (outcome === 'held-by-other-node') throw new AuthError('room_held_elsewhere');
}
