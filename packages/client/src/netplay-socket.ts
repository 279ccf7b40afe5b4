import type { Events, EventType, Replies, RequestInput, RequestType } from '@romm-netplay/protocol';
import {
  type Channel,
  CLOSE_CODES,
  decodeFrame,
  encodeFrame,
  type ReceivedFrame,
  SOCKET_PATH,
  type SocketErrorBody,
  SUBPROTOCOL,
} from '@romm-netplay/protocol/wire';
import { NetplayError } from './errors.js';

/** The part of the standard WebSocket that is used; browsers, Node 22 and `ws` all have it. */
export interface WebSocketLike {
  binaryType: string;
  readonly readyState: number;
  readonly bufferedAmount: number;
  send(data: string | Uint8Array): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: 'open' | 'error', listener: () => void): void;
  addEventListener(type: 'close', listener: (event: { code: number; reason: string }) => void): void;
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void;
}
export type WebSocketConstructor = new (url: string, protocols: string) => WebSocketLike;

export interface NetplaySocketOptions {
  /** The node's public URL (http or https). */
  readonly sfuUrl: string;
  /** A read token; without one the server looks for its cookie. */
  readonly token?: string;
  /** The global one by default. */
  readonly WebSocket?: WebSocketConstructor;
  readonly requestTimeoutMs?: number;
}

export interface Closed {
  readonly code: number;
  readonly reason: string;
  /** Whether connecting again by itself makes sense. */
  readonly retry: boolean;
}

export interface NetplaySocket {
  readonly hello: Replies['hello'];
  /** Sends a request and answers its reply. @throws NetplayError */
  request<T extends RequestType>(type: T, data: RequestInput<T>): Promise<Replies[T]>;
  /** Calls `listener` for every event of a type until the answered function is called. */
  on<T extends EventType>(type: T, listener: (data: Events[T]) => void): () => void;
  /** Sends game bytes to every other member of the room. */
  sendFrame(channel: Channel, payload: Uint8Array): void;
  onFrame(listener: (frame: ReceivedFrame) => void): () => void;
  readonly closed: Promise<Closed>;
  close(): void;
}

const RETRY_CLOSE_CODES = new Set<number>(
  Object.values(CLOSE_CODES)
    .filter(({ retry }) => retry)
    .map(({ code }) => code),
);
/** The connection was lost without a close frame (RFC 6455 section 7.1.5). */
const ABNORMAL_CLOSURE = 1006;

/** Connects to a node and says hello. @throws NetplayError when refused */
export async function connectNetplay(options: NetplaySocketOptions): Promise<NetplaySocket> {
  const {
    sfuUrl,
    token,
    requestTimeoutMs = 10_000,
    WebSocket = globalThis.WebSocket as WebSocketConstructor,
  } = options;
  const url = `${sfuUrl.replace(/^http/, 'ws').replace(/\/+$/, '')}${SOCKET_PATH}`;
  const socket = new WebSocket(url, SUBPROTOCOL);
  socket.binaryType = 'arraybuffer';
  const calls = createCalls(socket, requestTimeoutMs);
  const listeners = new Map<string, Set<(data: never) => void>>();
  const frameListeners = new Set<(frame: ReceivedFrame) => void>();

  socket.addEventListener('message', ({ data }) => {
    if (typeof data !== 'string') {
      const frame = decodeFrame(new Uint8Array(data as ArrayBuffer));
      if (frame) frameListeners.forEach((listener) => listener(frame));
      return;
    }
    const message = JSON.parse(data) as ServerMessage;
    if ('id' in message) calls.settle(message);
    else listeners.get(message.type)?.forEach((listener) => listener(message.data));
  });
  const closed = new Promise<Closed>((resolve) => {
    socket.addEventListener('close', ({ code, reason }) => {
      const retry = RETRY_CLOSE_CODES.has(code) || code === ABNORMAL_CLOSURE;
      calls.abandon({ code, reason, retry });
      resolve({ code, reason, retry });
    });
  });
  await opened(socket, closed);
  const hello = await calls.send('hello', token === undefined ? {} : { token });

  return {
    hello,
    request: calls.send,
    on(type, listener) {
      const ofType = listeners.get(type) ?? new Set();
      listeners.set(type, ofType.add(listener));
      return () => void ofType.delete(listener);
    },
    sendFrame: (channel, payload) => socket.send(encodeFrame(channel, payload)),
    onFrame(listener) {
      frameListeners.add(listener);
      return () => void frameListeners.delete(listener);
    },
    closed,
    close: () => socket.close(1000),
  };
}

interface Reply {
  readonly id: number;
  readonly ok: boolean;
  readonly data?: unknown;
  readonly error?: SocketErrorBody;
}
type ServerMessage = Reply | { readonly type: string; readonly data: never };

/** `readyState` of a usable socket, in every implementation. */
const OPEN = 1;

const connectionClosed = (closed: Partial<Closed> = {}): NetplayError =>
  new NetplayError(
    {
      code: 'connection_closed',
      message: closed.reason || 'The connection is closed; connect again.',
      retryable: closed.retry ?? true,
    },
    closed.code,
  );

/** Requests under way, by id. */
function createCalls(socket: WebSocketLike, timeoutMs: number) {
  const pending = new Map<number, { resolve(data: never): void; reject(error: NetplayError): void }>();
  let lastId = 0;

  return {
    send<T extends RequestType>(type: T, data: RequestInput<T>): Promise<Replies[T]> {
      if (socket.readyState !== OPEN) return Promise.reject(connectionClosed());
      const id = (lastId += 1);
      return new Promise<Replies[T]>((resolve, reject) => {
        const timer = setTimeout(() => {
          pending.delete(id);
          reject(
            new NetplayError({ code: 'timeout', message: `No answer to ${type} in time.`, retryable: true }),
          );
        }, timeoutMs);
        pending.set(id, {
          resolve: (reply: never) => {
            clearTimeout(timer);
            resolve(reply);
          },
          reject: (error) => {
            clearTimeout(timer);
            reject(error);
          },
        });
        socket.send(JSON.stringify({ id, type, data }));
      });
    },

    settle({ id, ok, data, error }: Reply): void {
      const call = pending.get(id);
      pending.delete(id);
      if (ok) call?.resolve(data as never);
      else if (error) call?.reject(new NetplayError(error));
    },

    abandon(closed: Closed): void {
      for (const call of pending.values()) call.reject(connectionClosed(closed));
      pending.clear();
    },
  };
}

async function opened(socket: WebSocketLike, closed: Promise<Closed>): Promise<void> {
  const opening = new Promise<true>((resolve) => socket.addEventListener('open', () => resolve(true)));
  // Its details come with the close event that follows.
  socket.addEventListener('error', () => undefined);
  const outcome = await Promise.race([opening, closed]);
  if (outcome === true) return;
  const why = 'The connection was refused or lost; check the URL and ALLOWED_ORIGINS.';
  throw connectionClosed({ ...outcome, reason: outcome.reason || why });
}
