import { CLOSE_CODES, type CloseName, MAX_TEXT_FRAME_BYTES } from '@romm-netplay/protocol/wire';
import { RateLimiter } from 'limiter';
import { WebSocket, type RawData } from 'ws';
import type { Outbox } from '../ports.js';
import type { Session } from '../signaling/session.js';
import { TextSession } from '../signaling/text-session.js';
import { createRequestRates } from '../signaling/request-rates.js';
import type { SocketLimits } from './limits.js';

export function closeSocket(socket: WebSocket, name: CloseName): void {
  const { code, reason } = CLOSE_CODES[name];
  socket.close(code, reason);
}

/**
 * Binds a socket to the session that `openSession` makes for it, within the limits of size, rate and send
 * buffer. Answers a heartbeat: called at every interval, it cuts a connection that did not answer the last
 * ping.
 */
export function bindConnection(
  socket: WebSocket,
  openSession: (outbox: Outbox) => Session,
  limits: SocketLimits,
): () => void {
  const session = openSession({
    returns: true,
    sendEvent: (event) => send(event.text, false),
    sendBinary: (frame) => send(frame, true),
    close,
  });
  const requests = new TextSession(session, createRequestRates(limits), (text) => send(text, false));

  function send(data: string | Uint8Array, binary: boolean): void {
    if (socket.readyState !== WebSocket.OPEN) return;
    if (socket.bufferedAmount > limits.maxSendBufferBytes) close('slowReader');
    else socket.send(data, { binary });
  }

  function close(name: CloseName): void {
    closeSocket(socket, name);
    // Its place is free at once: a peer that reads nothing may take seconds to close. Not within this call,
    // which may come from the middle of a broadcast to the room it leaves.
    queueMicrotask(() => session.disconnected());
  }

  // Of every kind; which it is, is seen when it has been read.
  const textPerSecond = limits.textPerSecond + limits.signalsPerSecond;
  const text = new RateLimiter({ tokensPerInterval: textPerSecond, interval: 'second' });
  const binary = new RateLimiter({ tokensPerInterval: limits.binaryPerSecond, interval: 'second' });
  const bytes = new RateLimiter({ tokensPerInterval: limits.bytesPerSecond, interval: 'second' });
  const helloTimer = setTimeout(() => {
    if (!session.authenticated) close('helloTimeout');
  }, limits.helloTimeoutMs);
  let alive = true;

  socket.on('message', (data: RawData, isBinary: boolean) => {
    const frame = data as Buffer;
    const withinRate = (isBinary ? binary : text).tryRemoveTokens(1) && bytes.tryRemoveTokens(frame.length);
    if (!withinRate) close('tooManyMessages');
    else if (isBinary) session.receiveBinary(frame);
    else if (frame.length > MAX_TEXT_FRAME_BYTES) close('tooLarge');
    else requests.receiveText(frame.toString());
  });
  socket.on('pong', () => {
    alive = true;
  });
  // ws closes the socket itself after a protocol error (RFC 6455 codes 1002, 1007, 1009).
  socket.on('error', () => undefined);
  socket.on('close', () => {
    clearTimeout(helloTimer);
    session.disconnected();
  });

  return () => {
    if (!alive) {
      socket.terminate();
      return;
    }
    alive = false;
    socket.ping();
  };
}
