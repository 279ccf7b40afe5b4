import type { NetplaySocket } from '@romm-netplay/client';
import { CHANNELS } from '@romm-netplay/protocol/wire';

/** A connection, or a room whatever connection it has. */
export type FrameLine = Pick<NetplaySocket, 'sendFrame' | 'onFrame'>;

export interface Exchange {
  readonly received: number;
  /** Frames that arrived with a wrong byte, out of order, or from the wrong slot. */
  readonly wrong: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const FRAME_BYTES = 24;
const FRAMES_PER_SECOND = 240;

/** The input of one frame: its number, when it was sent, and bytes that follow from the number. */
function inputFrame(number: number): Uint8Array {
  const frame = new Uint8Array(FRAME_BYTES);
  const view = new DataView(frame.buffer);
  view.setUint32(0, number);
  view.setFloat64(4, performance.now());
  for (let index = 12; index < FRAME_BYTES; index += 1) frame[index] = (number * 31 + index * 7) & 0xff;
  return frame;
}

function isIntact(frame: Uint8Array, number: number): boolean {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  if (frame.length !== FRAME_BYTES || view.getUint32(0) !== number) return false;
  return frame.subarray(12).every((byte, offset) => byte === ((number * 31 + (offset + 12) * 7) & 0xff));
}

/** Sends `count` frames from one player to another, paced like a game, and checks every byte that arrives. */
export async function exchangeInput(
  sender: FrameLine,
  senderSlot: number,
  receiver: FrameLine,
  count: number,
): Promise<Exchange> {
  const latencies: number[] = [];
  let wrong = 0;
  const arrived = new Promise<void>((resolve) => {
    const stop = receiver.onFrame(({ channel, slot, payload }) => {
      if (slot !== senderSlot) return;
      if (channel !== CHANNELS.input || !isIntact(payload, latencies.length)) wrong += 1;
      const sentAt = new DataView(payload.buffer, payload.byteOffset).getFloat64(4);
      latencies.push(performance.now() - sentAt);
      if (latencies.length < count) return;
      stop();
      resolve();
    });
  });
  const gaveUp = new Promise<void>((resolve) =>
    setTimeout(resolve, (count / FRAMES_PER_SECOND) * 1000 + 5_000).unref(),
  );
  await sendPaced(sender, count);
  await Promise.race([arrived, gaveUp]);
  const sorted = [...latencies].sort((a, b) => a - b);
  const percentile = (p: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))] ?? Number.NaN;
  return { received: latencies.length, wrong, p50Ms: percentile(0.5), p99Ms: percentile(0.99) };
}

function sendPaced(sender: FrameLine, count: number): Promise<void> {
  return new Promise((resolve) => {
    let sent = 0;
    const timer = setInterval(() => {
      sender.sendFrame(CHANNELS.input, inputFrame(sent));
      sent += 1;
      if (sent < count) return;
      clearInterval(timer);
      resolve();
    }, 1000 / FRAMES_PER_SECOND);
  });
}
