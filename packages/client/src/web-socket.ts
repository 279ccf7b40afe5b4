import { SOCKET_PATH, SUBPROTOCOL } from '@romm-netplay/protocol/wire';
import { clientError } from './errors.js';

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

/** `readyState` 1 is OPEN in every implementation. */
export const isOpen = ({ readyState }: WebSocketLike): boolean => readyState === 1;

export function openSocket(sfuUrl: string, given: WebSocketConstructor | undefined): WebSocketLike {
  const WebSocket = given ?? (globalThis.WebSocket as WebSocketConstructor | undefined);
  if (WebSocket === undefined) throw clientError('no_web_socket');
  const url = `${sfuUrl.replace(/^http/, 'ws').replace(/\/+$/, '')}${SOCKET_PATH}`;
  const socket = new WebSocket(url, SUBPROTOCOL);
  socket.binaryType = 'arraybuffer';
  // Its details come with the close event that follows.
  socket.addEventListener('error', () => undefined);
  return socket;
}
