import type { HeldKey } from './key-ledger.js';

/** What one player costs in an hour. */
export interface Cost {
  readonly keys: readonly HeldKey[];
  /** Requests to auth. */
  readonly requests: number;
}

export const byteSeconds = ({ keys }: Cost): number =>
  keys.reduce((sum, { bytes, heldMs }) => sum + (bytes * heldMs) / 1000, 0);

/** As if no token were ever used. */
export const byteSecondsUnused = ({ keys }: Cost): number =>
  keys.reduce((sum, { bytes, lifetimeMs }) => sum + (bytes * lifetimeMs) / 1000, 0);

export const bytesPerKey = ({ keys }: Cost): number =>
  keys.reduce((sum, { bytes }) => sum + bytes, 0) / keys.length;
