import type { WebSocketConstructor } from './web-socket.js';

/** What stands in where Node, before 22, has no WebSocket: that of `ws`, where it is installed. */
export const standIn: { readonly WebSocket?: WebSocketConstructor } = await find();

async function find(): Promise<typeof standIn> {
  if ('WebSocket' in globalThis) return {};
  try {
    const { WebSocket } = await import('ws');
    return { WebSocket };
  } catch {
    return {};
  }
}
