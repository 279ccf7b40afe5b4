import { connect as connectTcp } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { REQUESTS, type RequestType } from '@romm-netplay/protocol';
import { CLOSE_CODES, MAX_BINARY_FRAME_BYTES, MAX_TEXT_FRAME_BYTES } from '@romm-netplay/protocol/wire';
import { eventually } from '@romm-netplay/testing';
import fc from 'fast-check';
import type { ComposeOverrides } from '@romm-netplay/sfu/compose';
import { heapInUse } from './support/heap.js';
import { codeOf, nextEvent, rawSocket, startNode, type TestNode } from './support/node.js';

let node: TestNode;
beforeEach(async () => {
  node = await startNode({ maxSocketsPerAddress: 1_000 });
});
afterEach(() => node.close());

const ADA = { sub: 'ada', netplayUsername: 'Ada' };
const signedIn = async (target: TestNode = node) =>
  rawSocket(target.sfu, { headers: { authorization: `Bearer ${await target.readToken(ADA)}` } });

async function withLimits<T>(
  limits: ComposeOverrides['limits'],
  use: (limited: TestNode) => Promise<T>,
): Promise<T> {
  const limited = await startNode({ maxSocketsPerAddress: 1_000 }, { limits: limits ?? {} });
  try {
    return await use(limited);
  } finally {
    await limited.close();
  }
}

describe('malformed messages (R3, D25)', () => {
  it.each([
    ['text that is no JSON', '{'],
    ['a JSON string', '"hello"'],
    ['null', 'null'],
    ['no id', '{"type":"list-rooms"}'],
    ['an id that is an object', '{"id":{},"type":"list-rooms"}'],
    ['no type', '{"id":1}'],
    ['a type that is a number', '{"id":1,"type":5}'],
    ['an empty frame', ''],
  ])('closes after %s, with a code that says so', async (_what, text) => {
    const { socket, closed } = await signedIn();
    socket.send(text);
    expect(await closed).toBe(CLOSE_CODES.badMessage.code);
  });

  it.each(['nope', '__proto__', 'constructor', 'toString', 'hasOwnProperty', 'HELLO', 'open-room '])(
    'answers the unknown type %s',
    async (type) => {
      const { call } = await signedIn();
      expect(await call(type, {})).toMatchObject({
        ok: false,
        error: { code: 'unknown_type', retryable: false },
      });
    },
  );

  it.each([
    ['open-room', undefined],
    ['open-room', null],
    ['open-room', { room_name: 'x', token: 't', max_players: '4' }],
    ['join-room', []],
    ['resume-room', { room_name: 'x' }],
    ['resume-room', { room_name: 'x', resume_token: 'x'.repeat(65) }],
    ['chat-message', { message: ' ' }],
    ['chat-message', { message: 'x'.repeat(501) }],
    ['data-message', {}],
    ['data-message', { data: 'x'.repeat(33_000) }],
    ['webrtc-signal', { target: {}, signal: 1 }],
    ['webrtc-signal', { target: 'x' }],
  ])('names the field that is wrong: %s %j', async (type, data) => {
    const { call } = await signedIn();
    expect(await call(type, data)).toMatchObject({
      ok: false,
      error: { code: 'invalid_request', message: expect.stringMatching(/^data/), retryable: false },
    });
  });

  it('answers or closes, and never breaks, whatever JSON arrives: 10,000 random requests (D25)', async () => {
    const types = fc.constantFrom(...(Object.keys(REQUESTS) as RequestType[]));
    const request = fc.record({ id: fc.nat(), type: types, data: fc.jsonValue() });
    const text = fc.oneof(
      { weight: 99, arbitrary: request.map((value) => JSON.stringify(value)) },
      { weight: 1, arbitrary: fc.json() },
    );
    await withLimits({ textPerSecond: 100_000 }, async (target) => {
      const before = heapInUse();
      await fc.assert(
        fc.asyncProperty(
          fc.array(text, { minLength: 100, maxLength: 100 }),
          fc.uint8Array(),
          async (texts, binary) => {
            const { socket, call } = await signedIn(target);
            for (const one of texts) socket.send(one);
            socket.send(binary);
            await call('list-rooms').catch(() => undefined);
            socket.terminate();
          },
        ),
        { numRuns: 100 },
      );
      await eventually(() => target.sfu.connections === 0);
      expect(target.sfu.rooms).toBe(0);
      expect(heapInUse() - before).toBeLessThan(16 * 1024 * 1024);
      await expect(target.connect('after')).resolves.toBeDefined();
    });
  });

  it('answers requests of one socket in order, and bounds how many wait', async () => {
    const { socket, messages } = await signedIn();
    for (let id = 0; id < 50; id += 1)
      socket.send(JSON.stringify({ id, type: id % 7 ? 'leave-room' : 'list-rooms' }));
    await eventually(() => messages.length === 50);
    expect(messages.map(({ id }) => id)).toEqual(Array.from({ length: 50 }, (_, id) => id));
    await withLimits({ textPerSecond: 1_000 }, async (target) => {
      const flood = await signedIn(target);
      // One TCP segment, so that all of them are there before the first is answered.
      flood.socket.pause();
      for (let id = 0; id < 200; id += 1) flood.socket.send(JSON.stringify({ id, type: 'leave-room' }));
      flood.socket.resume();
      await eventually(() => flood.messages.length === 200);
      expect(flood.messages.every((message) => message['ok'] === true || codeIs(message, 'busy'))).toBe(true);
    });
  });
});

const codeIs = (message: Record<string, unknown>, code: string) =>
  (message['error'] as { code: string }).code === code;

describe('limits', () => {
  it('bounds text frames to 64 KB and binary frames to 256 KB', async () => {
    const text = await signedIn();
    text.socket.send('x'.repeat(MAX_TEXT_FRAME_BYTES + 1));
    expect(await text.closed).toBe(CLOSE_CODES.tooLarge.code);
    const binary = await signedIn();
    binary.socket.send(new Uint8Array(MAX_BINARY_FRAME_BYTES + 1));
    expect(await binary.closed).toBe(1009);
  });

  it('relays a binary frame of just 256 KB', async () => {
    const [ada, bob] = [await node.connect('Ada'), await node.connect('Bob')];
    await ada.open('den');
    await bob.join('den');
    const size = new Promise<number>((resolve) =>
      bob.socket.onFrame(({ payload }) => resolve(payload.length)),
    );
    ada.socket.sendFrame(1, new Uint8Array(MAX_BINARY_FRAME_BYTES - 1));
    expect(await size).toBe(MAX_BINARY_FRAME_BYTES - 1);
  });

  it.each([
    ['text', { textPerSecond: 10 }, JSON.stringify({ id: 1, type: 'list-rooms' })],
    ['binary', { binaryPerSecond: 10 }, new Uint8Array(8)],
    ['bytes', { bytesPerSecond: 10_000 }, new Uint8Array(2_000)],
  ])('closes a socket that sends too much %s', async (_what, limits, frame) => {
    await withLimits(limits, async (target) => {
      const { socket, closed } = await signedIn(target);
      for (let i = 0; i < 12; i += 1) socket.send(frame);
      expect(await closed).toBe(CLOSE_CODES.tooManyMessages.code);
    });
  });

  it('closes a slow reader with a code that says so, and keeps the others playing', async () => {
    await withLimits(
      { maxSendBufferBytes: 256 * 1024, binaryPerSecond: 1e5, bytesPerSecond: 1e9 },
      async (target) => {
        const [ada, bob] = [await target.connect('Ada'), await target.connect('Bob')];
        const slow = await signedIn(target);
        await ada.open('den');
        await bob.join('den');
        await slow.call('join-room', { room_name: 'den', token: await target.writeToken(ADA) });
        const left = nextEvent(ada, 'users-updated', ({ users }) => users.some((user) => !user.connected));
        slow.socket.pause();
        const before = process.memoryUsage().arrayBuffers;
        let received = 0;
        bob.socket.onFrame(() => (received += 1));
        let sent = 0;
        const sending = setInterval(() => {
          ada.socket.sendFrame(1, new Uint8Array(100_000));
          sent += 1;
        }, 2);
        await left;
        clearInterval(sending);
        expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 1024 * 1024);
        await eventually(() => received === sent);
        slow.socket.resume();
        expect(await slow.closed).toBe(CLOSE_CODES.slowReader.code);
      },
    );
  });

  it('closes a socket that never says hello', async () => {
    await withLimits({ helloTimeoutMs: 50 }, async (target) => {
      const { closed } = await rawSocket(target.sfu);
      expect(await closed).toBe(CLOSE_CODES.helloTimeout.code);
      const welcome = await signedIn(target);
      expect(await welcome.call('list-rooms')).toMatchObject({ ok: true });
    });
  });

  it('cuts a connection that no longer answers pings, and keeps its place (R4, D24)', async () => {
    await withLimits({ heartbeatMs: 100 }, async (target) => {
      const [ada, frozen] = [await target.connect('Ada'), await rawSocket(target.sfu)];
      await frozen.call('hello', { token: await target.readToken(ADA) });
      await ada.open('den');
      await frozen.call('join-room', { room_name: 'den', token: await target.writeToken(ADA) });
      const lost = nextEvent(ada, 'users-updated', ({ users }) => users.some((user) => !user.connected));
      frozen.socket.pause();
      expect((await lost).users).toMatchObject([{ connected: true }, { slot: 1, connected: false }]);
    });
  });

  it('bounds sockets per address and in all, and counts those that have gone', async () => {
    const few = await startNode({ maxSocketsPerAddress: 2 });
    const sockets = [await signedIn(few), await signedIn(few)];
    expect((await signedIn(few)).outcome).toBe(429);
    sockets[0]!.socket.close();
    await sockets[0]!.closed;
    await eventually(async () => (await signedIn(few)).outcome === 'open');
    await few.close();
    await withLimits({ maxSockets: 1 }, async (target) => {
      await signedIn(target);
      expect((await signedIn(target)).outcome).toBe(503);
    });
  });

  it('believes X-Forwarded-For only of trusted proxies', async () => {
    const headersFrom = (address: string) => ({ 'x-forwarded-for': address });
    const strict = await startNode({ maxSocketsPerAddress: 1 });
    await rawSocket(strict.sfu, { headers: headersFrom('203.0.113.1') });
    expect((await rawSocket(strict.sfu, { headers: headersFrom('203.0.113.2') })).outcome).toBe(429);
    await strict.close();
    const proxied = await startNode({ maxSocketsPerAddress: 1, trustedProxies: ['loopback'] });
    expect((await rawSocket(proxied.sfu, { headers: headersFrom('203.0.113.1') })).outcome).toBe('open');
    expect((await rawSocket(proxied.sfu, { headers: headersFrom('203.0.113.2') })).outcome).toBe('open');
    expect((await rawSocket(proxied.sfu, { headers: headersFrom('203.0.113.2') })).outcome).toBe(429);
    await proxied.close();
  });

  it('bounds the rooms of a node', async () => {
    const small = await startNode({ maxRooms: 1 });
    await (await small.connect('Ada')).open('one');
    expect(await codeOf((await small.connect('Bob')).open('two'))).toBe('rooms_full');
    await small.close();
  });
});

describe('upgrades', () => {
  it('refuses pages of other origins (D8)', async () => {
    const picky = await startNode({ allowedOrigins: ['https://romm.example.org'] });
    const outcome = async (origin: string) => (await rawSocket(picky.sfu, { headers: { origin } })).outcome;
    expect(await outcome('https://romm.example.org')).toBe('open');
    expect(await outcome(picky.sfu.url)).toBe('open');
    expect(await outcome('https://evil.example')).toBe(403);
    expect(await outcome('null')).toBe(403);
    await picky.close();
  });

  it.each([
    ['/socket', 'netplay.v1', 404],
    ['/ws', 'other.v1', 400],
    ['/ws', undefined, 400],
    ['//', 'netplay.v1', 404],
  ])('answers %s with subprotocol %s by %d', async (path, protocol, status) => {
    const lines = [
      `GET ${path} HTTP/1.1`,
      'Host: x',
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      ...(protocol ? [`Sec-WebSocket-Protocol: ${protocol}`] : []),
    ];
    const { hostname, port } = new URL(node.sfu.url);
    const answer = await new Promise<string>((resolve) => {
      const socket = connectTcp(Number(port), hostname, () => socket.write(`${lines.join('\r\n')}\r\n\r\n`));
      let text = '';
      socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      socket.on('end', () => resolve(text));
    });
    expect(answer).toContain(`HTTP/1.1 ${status} `);
    expect(answer).toContain('application/problem+json');
  });
});

describe('shutdown', () => {
  it('tells every client to come back elsewhere, and takes its rooms out of the list', async () => {
    const ada = await node.connect('Ada');
    await ada.open('den');
    const { state, sfu } = node;
    expect(await state.rooms.list()).toHaveLength(1);
    await sfu.close();
    expect(await ada.socket.closed).toMatchObject({ code: CLOSE_CODES.goingAway.code, retry: true });
    expect(await state.rooms.list()).toEqual([]);
  });
});
