import type { Socket } from 'socket.io';

type EngineSocket = Socket['conn'];

export interface Backlog {
  /** Bytes handed to the connection that the peer has not taken yet. */
  readonly bytes: number;
}

/**
 * The engine tells of a packet when it is made and when it is handed to the transport, which is writable again
 * when the system has taken everything.
 */
export function watchBacklog(conn: EngineSocket): Backlog {
  let queued = 0;
  let underWay = 0;
  conn.on('packetCreate', ({ data }: { data?: unknown }) => {
    queued += sizeOf(data);
  });
  conn.on('flush', () => {
    underWay = queued;
    queued = 0;
  });
  return {
    get bytes() {
      return queued + (conn.transport.writable ? 0 : underWay);
    },
  };
}

export function sizeOf(data: unknown): number {
  if (typeof data === 'string') return Buffer.byteLength(data);
  return ArrayBuffer.isView(data) ? data.byteLength : 0;
}
