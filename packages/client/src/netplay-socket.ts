import type { Events, EventType, Replies, RequestInput, RequestType } from '@romm-netplay/protocol';
import { type Channel, decodeFrame, encodeFrame, type ReceivedFrame } from '@romm-netplay/protocol/wire';
import { type Calls, createCalls, type Reply } from './calls.js';
import { BAD_MESSAGE, isRetried } from './close-codes.js';
import { createEmitter } from './emitter.js';
import { clientError, type NetplayError } from './errors.js';
import { MAX_ANSWER_CHARS, parseJson } from './http.js';
import { isOpen, openSocket, type WebSocketConstructor, type WebSocketLike } from './web-socket.js';

export interface NetplaySocketOptions {
  /** The node's public URL (http or https). */
  readonly sfuUrl: string;
  /** A read token; without one the server looks for its cookie. */
  readonly token?: string;
  /** The global one by default. */
  readonly WebSocket?: WebSocketConstructor | undefined;
  /** For connecting, and for every request. */
  readonly requestTimeoutMs?: number;
}

export interface Closed {
  readonly code: number;
  readonly reason: string;
  /** Whether connecting again by itself makes sense. */
  readonly retry: boolean;
  /** When this side closed, because of what the server sent. */
  readonly fault?: NetplayError;
}

export interface ServerEvent {
  readonly type: EventType;
  readonly data: unknown;
}

export interface NetplaySocket {
  readonly hello: Replies['hello'];
  /** Sends a request and answers its reply. @throws NetplayError */
  request<T extends RequestType>(type: T, data: RequestInput<T>): Promise<Replies[T]>;
  /** Calls `listener` for every event of a type until the answered function is called. */
  on<T extends EventType>(type: T, listener: (data: Events[T]) => void): () => void;
  /** The same for every event, also of types that this version does not know. */
  onEvent(listener: (event: ServerEvent) => void): () => void;
  /** Sends game bytes to every other member of the room; false when the connection is gone. */
  sendFrame(channel: Channel, payload: Uint8Array): boolean;
  onFrame(listener: (frame: ReceivedFrame) => void): () => void;
  readonly closed: Promise<Closed>;
  close(): void;
}

/** Connects to a node and says hello. @throws NetplayError when refused */
export async function connectNetplay(options: NetplaySocketOptions): Promise<NetplaySocket> {
  const { sfuUrl, token, requestTimeoutMs = 10_000 } = options;
  const socket = openSocket(sfuUrl, options.WebSocket);
  const calls = createCalls(socket, requestTimeoutMs);
  const events = createEmitter<Events & { frame: ReceivedFrame; '*': ServerEvent }>();
  socket.addEventListener('message', ({ data }) => {
    if (typeof data === 'string') receiveText(data, calls, receiveEvent, fail);
    else {
      const frame = decodeFrame(new Uint8Array(data as ArrayBuffer));
      if (frame) events.emit('frame', frame);
    }
  });
  function receiveEvent(event: ServerEvent): void {
    events.emit(event.type, event.data as never);
    events.emit('*', event);
  }
  let fault: NetplayError | undefined;
  function fail(error: NetplayError): void {
    fault = error;
    calls.abandon(error);
    socket.close(BAD_MESSAGE);
  }
  const closed = new Promise<Closed>((resolve) => {
    socket.addEventListener('close', ({ code, reason }) => {
      const retry = !fault && isRetried(code);
      calls.abandon(fault ?? connectionClosed({ code, reason, retry }));
      resolve({ code, reason, retry, ...(fault && { fault }) });
    });
  });

  try {
    await opened(socket, closed, requestTimeoutMs);
    const hello = await calls.send('hello', { token });
    return {
      hello,
      request: calls.send,
      on: events.on,
      onEvent: (listener) => events.on('*', listener),
      sendFrame(channel, payload) {
        if (!isOpen(socket)) return false;
        socket.send(encodeFrame(channel, payload));
        return true;
      },
      onFrame: (listener) => events.on('frame', listener),
      closed,
      close: () => socket.close(1000),
    };
  } catch (error) {
    socket.close(1000);
    throw error;
  }
}

export const connectionClosed = ({ code, reason, retry }: Closed): NetplayError =>
  clientError('connection_closed', {
    message: reason || undefined,
    retryable: retry,
    closeCode: code,
  });

/** Names of events of this side, which no server sends. */
const OWN = /^(\*|frame|state|closed)$/;

const isEvent = (message: Partial<ServerEvent>): message is ServerEvent =>
  typeof message.type === 'string' &&
  !OWN.test(message.type) &&
  typeof message.data === 'object' &&
  message.data !== null;

function receiveText(
  text: string,
  calls: Calls,
  emit: (event: ServerEvent) => void,
  fail: (error: NetplayError) => void,
): void {
  const message = text.length > MAX_ANSWER_CHARS ? undefined : parseJson(text);
  if (message === undefined) {
    fail(clientError('bad_response'));
  } else if ('id' in message) calls.settle(message as unknown as Reply);
  else if (isEvent(message)) emit(message);
}

async function opened(socket: WebSocketLike, closed: Promise<Closed>, timeoutMs: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const outcome = await Promise.race([
    new Promise<'opened'>((resolve) => socket.addEventListener('open', () => resolve('opened'))),
    new Promise<'late'>((resolve) => (timer = setTimeout(() => resolve('late'), timeoutMs))),
    closed,
  ]);
  clearTimeout(timer);
  if (outcome === 'opened') return;
  if (outcome === 'late') throw clientError('timeout');
  const why = 'The connection was refused or lost; check the URL, and ALLOWED_ORIGINS there.';
  throw connectionClosed({ ...outcome, reason: outcome.reason || why });
}
