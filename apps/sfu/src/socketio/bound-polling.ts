import { MAX_PACKET_BYTES } from './traffic.js';

/** Enough to show a token with; nothing else is to be said before it is known who it is. */
const STRANGER = { bytes: 16 * 1024, packets: 32 };
/** What games send. */
const PLAYER = { bytes: MAX_PACKET_BYTES, packets: 1_024 };
const SEPARATOR = '\x1e';

/** The long polling of Engine.IO, as far as it is bounded here; a WebSocket has neither. */
interface Polling {
  maxHttpBufferSize?: number;
  onData: (body: unknown) => void;
}

/**
 * Bounds the bodies of a connection by long polling. Each of the packets that are in one is an object before
 * anything else looks at it, and the smallest has two bytes.
 *
 * @param onExceeded called in place of reading a body that has too many
 * @returns to be called when it is known who it is
 */
export function boundPolling(transport: object, onExceeded: () => void): () => void {
  const polling = transport as Polling;
  if (polling.maxHttpBufferSize === undefined) return () => undefined;
  let bounds = STRANGER;
  polling.maxHttpBufferSize = bounds.bytes;
  const read = polling.onData.bind(polling);
  polling.onData = (body) => {
    if (typeof body === 'string' && hasMore(body, bounds.packets)) onExceeded();
    else read(body);
  };
  return () => {
    bounds = PLAYER;
    polling.maxHttpBufferSize = bounds.bytes;
  };
}

function hasMore(body: string, packets: number): boolean {
  let at = -1;
  for (let count = 0; count < packets; count += 1) {
    at = body.indexOf(SEPARATOR, at + 1);
    if (at === -1) return false;
  }
  return true;
}
