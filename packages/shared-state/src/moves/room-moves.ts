/** How long a room may be under way between two nodes: as long as servers keep a lost place. */
export const MOVE_TTL_MS = 60_000;
/** A room with 48 members and its chat takes about 60 KB. */
export const MAX_MOVE_BYTES = 256 * 1024;

/**
 * States of rooms on their way from one node to another. Whoever takes a state hosts the room, the node that
 * put it included; there is one winner. Rejects with StateUnavailableError when the state is away.
 */
export interface RoomMoves {
  /** Replaces what was put before under this name. Nothing is stored when it is too large. */
  put(roomName: string, state: string, ttlMs: number): Promise<'stored' | 'too-large'>;
  /** Answers the state and removes it, atomically. */
  take(roomName: string): Promise<string | undefined>;
}

export const isTooLarge = (state: string): boolean => Buffer.byteLength(state) > MAX_MOVE_BYTES;
