import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { connectNetplay, type NetplayError } from '@romm-netplay/client';
import { CLOSE_CODES } from '@romm-netplay/protocol/wire';
import { WebSocket, WebSocketServer } from 'ws';

interface Request {
  id: number;
  type: string;
}

let server: WebSocketServer;
let answer: (request: Request, socket: WebSocket) => void;
beforeEach(async () => {
  server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  server.on('connection', (socket) =>
    socket.on('message', (data) => answer(JSON.parse((data as Buffer).toString()) as Request, socket)),
  );
  answer = ({ id }, socket) => socket.send(JSON.stringify({ id, ok: true, data: {} }));
});
afterEach(() => {
  for (const client of server.clients) client.terminate();
  server.close();
});

const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const connect = (requestTimeoutMs = 1_000) =>
  connectNetplay({ sfuUrl: url(), token: 't', WebSocket, requestTimeoutMs });
const failure = (request: Promise<unknown>): Promise<NetplayError> =>
  request.then(
    () => Promise.reject(new Error('accepted')),
    (error: unknown) => error as NetplayError,
  );

describe('connectNetplay', () => {
  it('pairs replies with their requests, in whatever order they come', async () => {
    const socket = await connect();
    const held: number[] = [];
    answer = ({ id }, peer) => {
      held.push(id);
      if (held.length < 2) return;
      for (const one of held.reverse()) {
        peer.send(JSON.stringify({ id: one, ok: true, data: { message_id: String(one) } }));
      }
    };
    const replies = await Promise.all(
      ['a', 'b'].map((message) => socket.request('chat-message', { message })),
    );
    expect(replies.map(({ message_id }) => Number(message_id))).toEqual([2, 3]);
  });

  it('turns refusals into errors with a code', async () => {
    const socket = await connect();
    const refusal = { code: 'room_full', message: 'Full.', retryable: true };
    answer = ({ id }, peer) => peer.send(JSON.stringify({ id, ok: false, error: refusal }));
    expect(await failure(socket.request('list-rooms', {}))).toMatchObject(refusal);
  });

  it('gives up on an answer that does not come', async () => {
    const socket = await connect(50);
    answer = () => undefined;
    expect(await failure(socket.request('list-rooms', {}))).toMatchObject({
      code: 'timeout',
      retryable: true,
    });
  });

  it('fails what is under way when the connection ends, and what comes later at once', async () => {
    const socket = await connect();
    const { code, reason } = CLOSE_CODES.unavailable;
    answer = (_request, peer) => peer.close(code, reason);
    const error = await failure(socket.request('list-rooms', {}));
    expect(error).toMatchObject({ code: 'connection_closed', retryable: true, closeCode: 4503 });
    expect(await socket.closed).toMatchObject({ code: 4503, retry: true });
    expect(await failure(socket.request('list-rooms', {}))).toMatchObject({ code: 'connection_closed' });
  });

  it('says that a refused token makes no sense to retry', async () => {
    answer = (_request, peer) => peer.close(CLOSE_CODES.unauthorized.code);
    expect(await failure(connect())).toMatchObject({ retryable: false, closeCode: 4401 });
  });

  it('explains a connection that cannot be made', async () => {
    const gone = url();
    await new Promise((resolve) => server.close(resolve));
    const error = await failure(connectNetplay({ sfuUrl: gone, WebSocket }));
    expect(error).toMatchObject({ code: 'connection_closed', retryable: true });
    expect(error.message).toContain('check the URL');
  });
});
