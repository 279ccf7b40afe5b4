import type { RequestLimits } from '../signaling/request-rates.js';

/** Bounds of one node's sockets. Rates are per socket and second. */
export interface SocketLimits extends RequestLimits {
  readonly bytesPerSecond: number;
  /** Lines of chat of a player, on whatever connections; four times as many at once. */
  readonly chatPerSecond: number;
  /** A receiver with more unsent bytes than this is closed before it costs more memory. */
  readonly maxSendBufferBytes: number;
  readonly helloTimeoutMs: number;
  /** A connection that has not answered a ping for this long is gone. */
  readonly heartbeatMs: number;
  /** How long a closing connection may take before it is cut. */
  readonly closeTimeoutMs: number;
  readonly maxSockets: number;
  readonly maxSocketsPerAddress: number;
}

/** What operators need not choose. */
export const FIXED_LIMITS = {
  signalsPerSecond: 240,
  listsPerSecond: 10,
  // People write no faster for long.
  chatPerSecond: 5,
  bytesPerSecond: 4 * 1024 * 1024,
  maxSendBufferBytes: 1024 * 1024,
  helloTimeoutMs: 10_000,
  heartbeatMs: 15_000,
  closeTimeoutMs: 5_000,
  maxSockets: 10_000,
} as const satisfies Partial<SocketLimits>;
