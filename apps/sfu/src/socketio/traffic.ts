import { MAX_TEXT_FRAME_BYTES, type CloseName } from '@romm-netplay/protocol/wire';
import { RateLimiter } from 'limiter';
import type { Socket } from 'socket.io';
import type { SocketLimits } from '../ws/limits.js';
import { sizeOf } from './backlog.js';

/** The largest packet, and the most that the attachments of one event may hold together. A game's state fits. */
export const MAX_PACKET_BYTES = 1024 * 1024;

/**
 * Bounds what a connection sends, before anything is known of it. Game traffic travels as text here as well,
 * so the rates of both kinds of frames are added up; requests have a stricter one of their own.
 */
export function limitTraffic(
  conn: Socket['conn'],
  limits: Pick<SocketLimits, 'textPerSecond' | 'signalsPerSecond' | 'binaryPerSecond' | 'bytesPerSecond'>,
  onExceeded: (name: CloseName) => void,
): void {
  const perSecond = limits.textPerSecond + limits.signalsPerSecond + limits.binaryPerSecond;
  const packets = new RateLimiter({ tokensPerInterval: perSecond, interval: 'second' });
  const bytes = new RateLimiter({ tokensPerInterval: limits.bytesPerSecond, interval: 'second' });
  let attached = 0;
  conn.on('data', (data: unknown) => {
    const size = sizeOf(data);
    attached = typeof data === 'string' ? 0 : attached + size;
    if (!packets.tryRemoveTokens(1) || !bytes.tryRemoveTokens(size)) onExceeded('tooManyMessages');
    else if (attached > MAX_PACKET_BYTES) onExceeded('tooLarge');
    else if (typeof data === 'string' && size > MAX_TEXT_FRAME_BYTES) onExceeded('tooLarge');
  });
}
