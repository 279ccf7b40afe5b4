import type { Readable } from 'node:stream';
import { OutboundError } from './errors.js';

interface BodyOptions {
  readonly maxBytes: number;
  /** Called once, when the body has ended, failed or been given up. */
  readonly onEnd: () => void;
  readonly translateError: (error: unknown) => unknown;
}

/** Read ahead, so that a short answer which nobody reads frees its connection all the same. */
const READ_AHEAD_BYTES = 64 * 1024;

/** The body as a web stream that breaks off, and the connection with it, after `maxBytes`. */
export function boundedBody(body: Readable, options: BodyOptions): ReadableStream<Uint8Array> {
  const { maxBytes, onEnd, translateError } = options;
  const chunks = body[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  let size = 0;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const next = await chunks.next();
          if (next.done) {
            onEnd();
            controller.close();
            return;
          }
          size += next.value.length;
          if (size > maxBytes) throw new OutboundError('too_large');
          controller.enqueue(next.value);
        } catch (error) {
          body.destroy();
          onEnd();
          controller.error(translateError(error));
        }
      },
      cancel() {
        body.destroy();
        onEnd();
      },
    },
    new ByteLengthQueuingStrategy({ highWaterMark: Math.min(READ_AHEAD_BYTES, maxBytes) }),
  );
}
