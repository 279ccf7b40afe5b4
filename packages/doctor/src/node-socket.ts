import { randomBytes } from 'node:crypto';
import { type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Duplex } from 'node:stream';
import { type NoAnswer, noAnswerOf } from './http.js';

/** What became of an attempt to open a WebSocket. */
export type SocketOutcome =
  | {
      readonly kind: 'opened';
      readonly subprotocol: string | undefined;
      /** Whether a ping was answered: frames pass in both directions. */
      readonly ponged: boolean;
    }
  | {
      readonly kind: 'refused';
      readonly status: number;
      readonly contentType: string;
      readonly location: string | undefined;
      /** Whether the answer came from the HTTP half of a service here, so without the upgrade. */
      readonly requestId: string | undefined;
      readonly text: string;
    }
  | NoAnswer;

export interface SocketAttempt {
  /** http: or https:. */
  readonly url: string;
  readonly subprotocol?: string;
  readonly origin?: string | undefined;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export type OpenSocket = (attempt: SocketAttempt) => Promise<SocketOutcome>;

const MAX_TEXT = 16 * 1024;
/** A masked ping without payload, and a masked close (RFC 6455 sections 5.5 and 7.1.1). */
const PING = Buffer.from([0x89, 0x80, 0, 0, 0, 0]);
const CLOSE = Buffer.from([0x88, 0x80, 0, 0, 0, 0]);
const PONG_OPCODE = 0xa;

/**
 * Asks for an upgrade, pings once and closes. The WebSocket of browsers and of ws would do, were it not for
 * refusals: their status, which says most, is not told.
 */
export const openNodeSocket: OpenSocket = ({ url, subprotocol, origin, timeoutMs, signal }) =>
  new Promise((resolve) => {
    const send = url.startsWith('https:') ? httpsRequest : httpRequest;
    const request = send(url, {
      agent: false,
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': randomBytes(16).toString('base64'),
        ...(subprotocol !== undefined && { 'sec-websocket-protocol': subprotocol }),
        ...(origin !== undefined && { origin }),
      },
    });
    request.on('upgrade', (response, socket, head) => {
      void ping(socket, head, timeoutMs).then((ponged) =>
        resolve({ kind: 'opened', subprotocol: response.headers['sec-websocket-protocol'], ponged }),
      );
    });
    request.on('response', (response) => void readRefusal(request, response).then(resolve));
    request.on('error', (error) => resolve(noAnswerOf(error)));
    request.end();
  });

function readRefusal(request: ClientRequest, response: IncomingMessage): Promise<SocketOutcome> {
  return new Promise((resolve) => {
    let text = '';
    const finish = () => {
      const { headers, statusCode: status = 0 } = response;
      const requestId = headers['x-request-id'];
      resolve({
        kind: 'refused',
        status,
        contentType: headers['content-type'] ?? '',
        location: headers.location,
        requestId: typeof requestId === 'string' ? requestId : undefined,
        text,
      });
      request.destroy();
    };
    response.setEncoding('utf8').on('data', (chunk: string) => {
      text = `${text}${chunk}`.slice(0, MAX_TEXT);
      if (text.length === MAX_TEXT) finish();
    });
    response.on('close', finish);
  });
}

function ping(socket: Duplex, head: Buffer, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    let received = head;
    const finish = (ponged: boolean) => {
      clearTimeout(timer);
      resolve(ponged);
      if (!socket.destroyed) socket.end(CLOSE, () => socket.destroy());
    };
    const timer = setTimeout(() => finish(false), timeoutMs);
    const look = () => {
      if (hasPong(received)) finish(true);
      else if (received.length > MAX_TEXT) finish(false);
    };
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      look();
    });
    socket.on('error', () => finish(false));
    socket.on('close', () => finish(false));
    socket.write(PING);
    look();
  });
}

/** Whether one of the unmasked frames that a server sent is a pong. */
function hasPong(bytes: Buffer): boolean {
  let at = 0;
  while (bytes.length - at >= 2) {
    if ((bytes.readUInt8(at) & 0x0f) === PONG_OPCODE) return true;
    const short = bytes.readUInt8(at + 1) & 0x7f;
    if (short === 127 || (short === 126 && bytes.length - at < 4)) return false;
    at += short === 126 ? 4 + bytes.readUInt16BE(at + 2) : 2 + short;
  }
  return false;
}
