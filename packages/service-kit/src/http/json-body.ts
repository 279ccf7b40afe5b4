import type { IncomingMessage } from 'node:http';
import { MAX_HTTP_BODY_BYTES } from '@romm-netplay/protocol';
import { HttpError } from './http-error.js';

/**
 * Reads a JSON body of bounded size; an absent body is `{}` (the incumbent's clients may send none).
 * @throws HttpError 400, 413 or 415
 */
export async function readJsonBody(request: IncomingMessage): Promise<unknown> {
  const text = await readText(request);
  if (text === '') return {};
  const type = request.headers['content-type'] ?? '';
  if (!/^application\/(?:[\w.+-]+\+)?json\b/i.test(type)) {
    throw new HttpError(415, 'unsupported_media_type', 'Send the body with content-type application/json.');
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new HttpError(400, 'invalid_json', 'The body is not JSON.', { cause });
  }
}

function readText(request: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > MAX_HTTP_BODY_BYTES) {
        // The rest is read to nowhere, so that the answer reaches a client that is still sending.
        request.removeAllListeners('data').resume();
        reject(new HttpError(413, 'body_too_large', `The body is larger than ${MAX_HTTP_BODY_BYTES} bytes.`));
        return;
      }
      chunks.push(chunk);
    });
    request.once('end', () =>
      resolve(chunks.length === 1 ? String(chunks[0]) : Buffer.concat(chunks).toString()),
    );
    // Whoever hangs up, or sends what is no body, is refused like others: there is no fault to look for here.
    const brokenOff = () => reject(new HttpError(400, 'body_incomplete', 'The body did not arrive whole.'));
    request.once('error', brokenOff);
    request.once('close', () => {
      if (!request.complete) brokenOff();
    });
  });
}
