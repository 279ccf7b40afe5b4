import type { RoomRecord } from '@romm-netplay/protocol';

/** A record lives this long unless it is refreshed (P1.7). */
export const ROOM_TTL_MS = 60_000;

export type UpsertOutcome = 'stored' | 'held-by-other-node';
export interface UpsertOptions {
  /** Whether the url stands for the node where the id is another; true by default. */
  readonly knownByUrl?: boolean;
}
export type RemoveOutcome = 'removed' | 'absent' | 'held-by-other-node';
export type TransferOutcome = 'transferred' | 'absent' | 'held-by-other-node';

/**
 * Which rooms exist and which node hosts each. A room is registered under its key (`keyOfRecord`): its name with
 * its game, or the session id of stock EmulatorJS; of the rooms of one key there is one. A live record belongs to the node that wrote it, known by
 * `nodeId` or, for servers that make up an id at each start, by `url`; no other node can overwrite it. What auth
 * writes for a server without Redis (`byAuth`) never takes the place of what a node has written itself.
 * Every method rejects with StateUnavailableError when the state is away.
 */
export interface RoomRegistry {
  /** Writes a record and lets it live for the registry's time. Atomic: of two nodes one wins. */
  upsert(record: RoomRecord, options?: UpsertOptions): Promise<UpsertOutcome>;
  /** Removes a room; with `nodeId`, only if that node holds it. `byAuth`: only what auth wrote. */
  remove(key: string, nodeId?: string, options?: { readonly byAuth?: boolean }): Promise<RemoveOutcome>;
  resolve(key: string): Promise<RoomRecord | undefined>;
  /** Every live room that is called so, whatever its game. The cost follows the number of those. */
  findByName(name: string): Promise<RoomRecord[]>;
  /** Every live record. The cost follows the number of rooms. */
  list(): Promise<RoomRecord[]>;
}

/** A registry through which rooms can change nodes. */
export interface HandoverRegistry extends RoomRegistry {
  /**
   * Puts the record of another node in the place of a live one that `fromNodeId` holds, and lets it live for
   * `lifeMs`. Atomic: nobody but the holder gives a room away, and no name is free in between.
   */
  transfer(key: string, fromNodeId: string, record: RoomRecord, lifeMs: number): Promise<TransferOutcome>;
}
