import { connect } from 'node:net';

const OPCODE = { text: 0x1, binary: 0x2, close: 0x8, ping: 0x9, pong: 0xa } as const;
const FIN = 0x80;
const MASKED = 0x80;
const NORMAL_CLOSURE = Buffer.from([0x03, 0xe8]);

/**
 * A WebSocket client (RFC 6455) with only what the bench needs: small unfragmented frames. The `ws`
 * client costs more than the server measured; here the server is the bottleneck. The masking key is zero,
 * which leaves the payload as it is.
 */
export interface RawSocket {
  /** Sends `{ id, type, data }` and answers the whole reply with the same id. One at a time. */
  request(type: string, data: object): Promise<Reply>;
  sendBinary(payload: Buffer): void;
  /** Says goodbye and waits until the server has cut the connection. */
  close(): Promise<void>;
}

export interface Reply {
  readonly id?: number;
  readonly ok?: boolean;
}

export async function openRawSocket(
  url: string,
  path: string,
  subprotocol: string,
  onBinary: (payload: Buffer) => void = () => undefined,
): Promise<RawSocket> {
  const { hostname, port, host } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), noDelay: true });
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.write(upgradeRequest(host, path, subprotocol));
  let received: Buffer = Buffer.alloc(0);
  let opened = false;
  let lastId = 0;
  let waiting: { resolve(reply: Reply): void; reject(error: Error): void } | undefined;

  function onFrame(opcode: number, payload: Buffer): void {
    if (opcode === OPCODE.ping) socket.write(encodeFrame(OPCODE.pong, payload));
    if (opcode === OPCODE.binary) onBinary(payload);
    if (opcode !== OPCODE.text) return;
    const reply = JSON.parse(payload.toString()) as Reply;
    // Anything without the id is an event.
    if (reply.id === lastId) waiting?.resolve(reply);
  }

  await new Promise<void>((resolve, reject) => {
    const fail = (error: Error) => {
      reject(error);
      waiting?.reject(error);
    };
    socket.on('error', fail);
    socket.on('close', () => fail(new Error(`${url} closed a socket:\n${received.toString('latin1')}`)));
    socket.on('data', (chunk: Buffer) => {
      received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
      if (!opened) {
        const headEnd = received.indexOf('\r\n\r\n');
        if (headEnd < 0 || received.subarray(9, 12).toString() !== '101') return;
        opened = true;
        received = received.subarray(headEnd + 4);
        resolve();
      }
      try {
        received = readFrames(received, onFrame);
      } catch (error) {
        socket.destroy(error as Error);
      }
    });
  });

  return {
    request(type, data) {
      const id = (lastId += 1);
      return new Promise((resolve, reject) => {
        waiting = { resolve, reject };
        socket.write(encodeFrame(OPCODE.text, Buffer.from(JSON.stringify({ id, type, data }))));
      });
    },
    sendBinary: (payload) => void socket.write(encodeFrame(OPCODE.binary, payload)),
    async close() {
      waiting = undefined;
      socket.write(encodeFrame(OPCODE.close, NORMAL_CLOSURE));
      await closed;
    },
  };
}

const upgradeRequest = (host: string, path: string, subprotocol: string) =>
  [
    `GET ${path} HTTP/1.1`,
    `host: ${host}`,
    'connection: Upgrade',
    'upgrade: websocket',
    'sec-websocket-version: 13',
    'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==',
    `sec-websocket-protocol: ${subprotocol}`,
    '\r\n',
  ].join('\r\n');

function encodeFrame(opcode: number, payload: Buffer): Buffer {
  const short = payload.length < 126;
  const head = Buffer.alloc(short ? 6 : 8);
  head[0] = FIN | opcode;
  head[1] = MASKED | (short ? payload.length : 126);
  if (!short) head.writeUInt16BE(payload.length, 2);
  return Buffer.concat([head, payload]);
}

/** Hands over every whole frame and answers the rest. */
function readFrames(bytes: Buffer, onFrame: (opcode: number, payload: Buffer) => void): Buffer {
  let rest = bytes;
  while (rest.length >= 2) {
    const size = rest[1]!;
    if (size === 127) throw new Error('A frame larger than 64 KB; the bench expects none.');
    const start = size === 126 ? 4 : 2;
    if (rest.length < start) break;
    const end = start + (size === 126 ? rest.readUInt16BE(2) : size);
    if (rest.length < end) break;
    onFrame(rest[0]! & 0x0f, rest.subarray(start, end));
    rest = rest.subarray(end);
  }
  return rest;
}
