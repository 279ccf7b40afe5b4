import { MAX_TEXT_FRAME_BYTES } from '@romm-netplay/protocol/wire';
import * as parser from 'socket.io-parser';

/**
 * The parser of Socket.IO, but for texts that are too large to be read: those end the connection (`limitTraffic`),
 * and whoever sends one must not have it parsed first.
 */
class BoundedDecoder extends parser.Decoder {
  override add(packet: unknown): void {
    if (typeof packet === 'string' && Buffer.byteLength(packet) > MAX_TEXT_FRAME_BYTES) return;
    super.add(packet);
  }
}

export const boundedParser = { ...parser, Decoder: BoundedDecoder };
