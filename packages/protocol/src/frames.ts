/**
 * Binary frames. A player sends `[channel, ...payload]`; every other member of the room receives
 * `[channel, slot of the sender, ...payload]`.
 */
export const CHANNELS = { input: 0, snapshot: 1, data: 2 } as const;
export type Channel = (typeof CHANNELS)[keyof typeof CHANNELS];

const HIGHEST_CHANNEL = 2;

/** The frame as the other members receive it, or undefined when the channel is unknown. */
export function relayedFrame(frame: Uint8Array, slot: number): Uint8Array | undefined {
  const channel = frame[0];
  if (channel === undefined || channel > HIGHEST_CHANNEL) return undefined;
  const relayed = new Uint8Array(frame.length + 1);
  relayed[0] = channel;
  relayed[1] = slot;
  relayed.set(frame.subarray(1), 2);
  return relayed;
}

export interface ReceivedFrame {
  readonly channel: number;
  /** The sender's slot. */
  readonly slot: number;
  readonly payload: Uint8Array;
}

export function encodeFrame(channel: Channel, payload: Uint8Array): Uint8Array {
  const frame = new Uint8Array(payload.length + 1);
  frame[0] = channel;
  frame.set(payload, 1);
  return frame;
}

/** Takes a received frame apart; undefined when it is too short to be one. */
export function decodeFrame(frame: Uint8Array): ReceivedFrame | undefined {
  const [channel, slot] = frame;
  return channel === undefined || slot === undefined
    ? undefined
    : { channel, slot, payload: frame.subarray(2) };
}
