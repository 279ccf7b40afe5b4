import type { RoomRecord } from '@romm-netplay/protocol';
import type { RoomRegistry } from '@romm-netplay/shared-state';
import { AuthError } from '../errors.js';

export interface RoomsDeps {
  readonly rooms: RoomRegistry;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Writes or refreshes the record of a room a node hosts (P1.7). @throws AuthError room_held_elsewhere */
export async function registerRoom({ rooms, now }: RoomsDeps, record: RoomRecord): Promise<void> {
  const outcome = await rooms.upsert({ updatedAt: now(), ...record });
  if (outcome === 'held-by-other-node') throw new AuthError('room_held_elsewhere');
}
