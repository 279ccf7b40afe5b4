import { isTooLarge, type RoomMoves } from './room-moves.js';

export interface MemoryRoomMovesOptions {
  /** Milliseconds since any moment; only goes on. */
  readonly elapsed?: () => number;
}

/** Rooms on their way within one process (mode A1). */
export function createMemoryRoomMoves({
  elapsed = () => performance.now(),
}: MemoryRoomMovesOptions = {}): RoomMoves {
  const entries = new Map<string, { readonly state: string; readonly expiresAtMs: number }>();

  function sweep(): void {
    for (const [roomName, { expiresAtMs }] of entries) {
      if (expiresAtMs <= elapsed()) entries.delete(roomName);
    }
  }

  return {
    put(roomName, state, ttlMs) {
      sweep();
      if (isTooLarge(state)) return Promise.resolve('too-large');
      entries.set(roomName, { state, expiresAtMs: elapsed() + ttlMs });
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
