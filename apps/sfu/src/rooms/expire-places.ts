import type { RoomDirectory } from './room-directory.js';
import { tellLeft } from './tell-left.js';

/** Frees the places whose grace time is over (R4). */
export function expirePlaces(directory: RoomDirectory, nowMs: number): void {
  for (const room of directory.rooms()) {
    if (room.expire(nowMs)) tellLeft(directory, room);
  }
}
