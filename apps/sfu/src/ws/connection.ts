import { CLOSE_CODES, type CloseName, MAX_TEXT_FRAME_BYTES } from '@romm-netplay/protocol/wire';
import { RateLimiter } from 'limiter';
import { WebSocket, type RawData } from 'ws';
import type { Outbox } from '../ports.js';
import type { Session } from '../signaling/session.js';
import type { SocketLimits } from './limits.js';

/** The sending half of a socket, with a bound on what it may hold back for a slow reader. */
export function createOutbox(socket: WebSocket, limits: SocketLimits): Outbox {
  function send(data: string | Uint8Array, binary: boolean): void {
    if (socket.readyState !== WebSocket.OPEN) return;
    if (socket.bufferedAmount > limits.maxSendBufferBytes) closeSocket(socket, 'slowReader');
    else socket.send(data, { binary });
  }
  return {
    sendText: (text) => send(text, false),
    sendBinary: (frame) => send(frame, true),
    close: (name) => closeSocket(socket, name),
  };
}

export function closeSocket(socket: WebSocket, name: CloseName): void {
  const { code, reason } = CLOSE_CODES[name];
  socket.close(code, reason);
}

/**
 * Feeds a session from its socket, within the limits of size and rate. Answers a heartbeat: called at every
 * interval, it cuts a connection that did not answer the last ping.
 */
export function bindConnection(socket: WebSocket, session: Session, limits: SocketLimits): () => void {
  const text = new RateLimiter({ tokensPerInterval: limits.textPerSecond, interval: 'second' });
  const binary = new RateLimiter({ tokensPerInterval: limits.binaryPerSecond, interval: 'second' });
  const bytes = new RateLimiter({ tokensPerInterval: limits.bytesPerSecond, interval: 'second' });
  let alive = true;

  const helloTimer = setTimeout(() => {
    if (!session.authenticated) closeSocket(socket, 'helloTimeout');
  }, limits.helloTimeoutMs);

  socket.on('message', (data: RawData, isBinary: boolean) => {
    const frame = data as Buffer;
    const withinRate = (isBinary ? binary : text).tryRemoveTokens(1) && bytes.tryRemoveTokens(frame.length);
    if (!withinRate) closeSocket(socket, 'tooManyMessages');
    else if (isBinary) session.receiveBinary(frame);
    else if (frame.length > MAX_TEXT_FRAME_BYTES) closeSocket(socket, 'tooLarge');
    else session.receiveText(frame.toString());
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
