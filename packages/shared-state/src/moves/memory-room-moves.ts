import { isTooLarge, type RoomMoves } from './room-moves.js';

export interface MemoryRoomMovesOptions {
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** Rooms on their way within one process (mode A1). */
export function createMemoryRoomMoves({ now = Date.now }: MemoryRoomMovesOptions = {}): RoomMoves {
  const entries = new Map<string, { readonly state: string; readonly expiresAtMs: number }>();

  function sweep(): void {
    for (const [roomName, { expiresAtMs }] of entries) {
      if (expiresAtMs <= now()) entries.delete(roomName);
    }
  }

  return {
    put(roomName, state, ttlMs) {
      sweep();
      if (isTooLarge(state)) return Promise.resolve('too-large');
      entries.set(roomName, { state, expiresAtMs: now() + ttlMs });
      return Promise.resolve('stored');
    },
    take(roomName) {
      sweep();
      const state = entries.get(roomName)?.state;
      entries.delete(roomName);
      return Promise.resolve(state);
    },
  };
}
