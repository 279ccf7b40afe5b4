import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { eventually } from '@romm-netplay/testing';
import fc from 'fast-check';
import request from 'supertest';
import { WebSocket } from 'ws';
import {
  connectLegacy,
  legacySocket,
  type LegacyPlayer,
  sfuExtra,
  stockExtra,
} from './support/legacy-player.js';
import { heapInUse } from './support/heap.js';
import { nextEvent, startNode, type TestNode } from './support/node.js';

let node: TestNode;
beforeEach(async () => {
  node = await startNode({ maxSocketsPerAddress: 1_000 });
});
afterEach(() => node.close());

const NO_RATE = {
  textPerSecond: 1e6,
  signalsPerSecond: 1e6,
  binaryPerSecond: 1e6,
  bytesPerSecond: 1e9,
  maxSendBufferBytes: 1e9,
};
const EVENTS = [
  ...['open-room', 'create-room', 'join-room', 'leave-room', 'request-room-state', 'request-room-list'],
  ...['player-ready', 'player-unready', 'toggle-ready', 'launch-game', 'start-game', 'ready-at-frame-1'],
  ...['update-player-slot', 'join-info', 'update-room-metadata', 'update-player-metadata', 'get-open-rooms'],
  ...['netplay-host-paused', 'netplay-host-resumed', 'webrtc-signal', 'chat-message', 'data-message'],
  ...[
    'input',
    'snapshot',
    'sfu-available',
    'sfu-produce',
    'sfu-consume',
    'error',
    '__proto__',
    'constructor',
  ],
];

/** Packets as a hostile client writes them; no client library refuses them. */
async function rawClient(target: TestNode, token: string) {
  const url = `${target.sfu.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`;
  const socket = new WebSocket(url);
  const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()));
  socket.on('error', () => undefined);
  const ready = new Promise<void>((resolve) => {
    socket.on('message', (data) => {
      const text = (data as Buffer).toString();
      if (text.startsWith('0')) socket.send(`40${JSON.stringify({ token })}`);
      if (text === '2') socket.send('3');
      if (text.startsWith('40')) resolve();
    });
  });
  await Promise.race([ready, closed]);
  return { socket, closed };
}

describe('what no packet can do (D25)', () => {
  it.each([
    ['an event without arguments', '42["open-room"]'],
    ['an acknowledgement id without arguments', '4210["join-room"]'],
    ['null for arguments', '42["join-room",null]'],
    ['an event named "error"', '42["error",{}]'],
    ['an event named "newListener"', '42["newListener"]'],
    ['an event with a number for a name', '42[1,2]'],
    ['an array of arrays', `42["data-message",${'['.repeat(20_000)}${']'.repeat(20_000)}]`],
    ['deep objects for a room', `42["open-room",${'{"extra":'.repeat(5_000)}1${'}'.repeat(5_000)}]`],
    ['a huge array', `42["join-room",[${'1,'.repeat(20_000)}1]]`],
    [
      'prototype keys',
      '42["open-room",{"__proto__":{"extra":1},"extra":{"__proto__":{"room_name":"x"},"constructor":1}}]',
    ],
    ['an acknowledgement nobody asked for', '431[1]'],
    ['a second connect', '40{}'],
    ['another namespace', '40/admin,{}'],
    ['a packet of an unknown type', '49'],
    ['attachments that do not come', '451-["data-message",{"_placeholder":true,"num":0}]'],
    ['attachments that are none', '451-["data-message",{"_placeholder":true,"num":99}]'],
    ['very many attachments', '45999999999-["data-message"]'],
    ['a text that is no packet', 'hello'],
  ])('%s leaves the node as it was', async (_what, packet) => {
    const { socket } = await rawClient(node, await node.readToken({ sub: 'eve' }));
    socket.send(packet);
    socket.send(Buffer.from([1, 2, 3]));
    socket.send('422["sfu-available"]');
    const ada = await connectLegacy(node, 'Ada');
    expect(await ada.call('sfu-available', {})).toEqual([{ available: false }]);
    socket.terminate();
    ada.close();
    await eventually(() => node.sfu.connections === 0);
    expect(node.sfu.rooms).toBe(0);
  });

  it.each(['stock', 'sfu'] as const)(
    '10,000 random packets of the %s dialect: no crash, no room, no heap',
    async (dialect) => {
      const target = await startNode(
        { maxSocketsPerAddress: 1_000, reconnectGraceSeconds: 0 },
        { limits: NO_RATE },
      );
      const enter = (name: string) => (dialect === 'stock' ? stockExtra(name, name) : sfuExtra(name));
      const odd = fc.oneof(
        { weight: 3, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
        { weight: 1, arbitrary: fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes)) },
        {
          weight: 4,
          arbitrary: fc.record(
            {
              extra: fc.oneof(fc.jsonValue(), fc.constant(enter('den'))),
              roomName: fc.oneof(fc.constant('den'), fc.jsonValue()),
              playerSlot: fc.oneof(fc.integer(), fc.jsonValue()),
              metadata: fc.jsonValue(),
              message: fc.oneof(fc.string(), fc.jsonValue()),
              maxPlayers: fc.jsonValue(),
              password: fc.jsonValue(),
              target: fc.oneof(fc.constant('host'), fc.jsonValue()),
              frame: fc.jsonValue(),
            },
            { requiredKeys: [] },
          ),
        },
      );
      const packet = fc.tuple(fc.constantFrom(...EVENTS), fc.array(odd, { maxLength: 3 }), fc.boolean());
      const members: LegacyPlayer[] = [];
      /** Whoever was put out, as stock clients are when a room ends, comes again. */
      const seat = async (index: number) => {
        if (members[index]?.socket.connected === true) return;
        members[index] = await connectLegacy(target, ['Ada', 'Bob', 'Cid', 'Dee'][index]!);
        const [refused] = await members[index].enter('join-room', enter('den'));
        if (refused !== null) await members[index].enter('open-room', enter('den'));
      };
      const seatAll = async () => {
        for (const index of [0, 1, 2, 3]) await seat(index);
      };
      await seatAll();
      let sent = 0;
      let before = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(packet, { minLength: 100, maxLength: 100 }), async (packets) => {
          for (const [index, [event, args, asks]] of packets.entries()) {
            const { socket } = members[index % 4]!;
            socket.emit(event, ...args, ...(asks ? [() => undefined] : []));
          }
          sent += packets.length;
          for (const member of members) {
            const answer = member.call('sfu-available').catch(() => 'put out');
            expect(['put out', [{ available: false }]]).toContainEqual(await answer);
            member.clear();
          }
          await seatAll();
          if (sent === 2_000) before = heapInUse();
        }),
        { numRuns: 100, endOnFailure: true },
      );
      expect(sent).toBe(10_000);
      expect(heapInUse() - before).toBeLessThan(16 * 1024 * 1024);
      for (const member of members) member.close();
      await eventually(() => target.sfu.connections === 0 && target.sfu.rooms === 0);
      await target.close();
    },
  );
});

describe('what nobody gets at', () => {
  it('a room named like a socket id gives no access to that socket (D12)', async () => {
    const [ada, eve] = [await connectLegacy(node, 'Ada'), await connectLegacy(node, 'Eve')];
    await ada.enter('open-room', sfuExtra('den'));
    expect(await eve.enter('open-room', sfuExtra(ada.socket.id!))).toEqual([null]);
    ada.clear();
    eve.socket.emit('data-message', { to: 'ada' });
    expect(await eve.call('webrtc-signal', { target: ada.socket.id, offer: 1 })).toEqual(['not a member']);
    await eve.call('request-room-state', {});
    expect(ada.events).toEqual([]);
    const bob = await connectLegacy(node, 'Bob');
    await bob.enter('join-room', sfuExtra('den'));
    eve.clear();
    await ada.call('chat-message', { message: 'private' });
    await eve.call('sfu-available');
    expect(eve.events).toEqual([]);
  });

  it('sockets outside the own room cannot be signalled (D16)', async () => {
    const [ada, eve] = [await connectLegacy(node, 'Ada'), await connectLegacy(node, 'Eve')];
    await ada.enter('open-room', sfuExtra('den'));
    for (const target of [ada.socket.id, 'host']) {
      expect(await eve.call('webrtc-signal', { target, roomName: 'den', offer: 1 })).toEqual(['not in room']);
    }
    expect(ada.events.map(([name]) => name)).not.toContain('webrtc-signal');
  });

  it('nothing a client says of itself but its game is shown to others (D22)', async () => {
    const [ada, bob] = [await connectLegacy(node, 'Ada'), await connectLegacy(node, 'Bob')];
    await ada.enter('open-room', sfuExtra('den'));
    const lies = {
      is_host: true,
      player_name: 'Ada',
      netplay_username: 'Ada',
      socketId: ada.socket.id,
      evil: '<b>',
    };
    await bob.enter('join-room', sfuExtra('den', { ...lies, rom_hash: 'abc' }));
    const [users] = await ada.heard('users-updated', (map: object) => Object.keys(map).length === 2);
    const [, mine] = Object.values(users as Record<string, object>);
    expect(mine).toMatchObject({
      is_host: false,
      player_name: 'Bob',
      netplay_username: 'Bob',
      socketId: bob.socket.id,
      rom_hash: 'abc',
    });
    expect(JSON.stringify(users)).not.toMatch(/evil|token/);
  });

  it('equal subjects of two issuers are two people (D5)', async () => {
    const { legacyUserId } = await import('../src/socketio/legacy-id.js');
    const { playerOf } = await import('../src/players/player.js');
    const of = (iss: string) =>
      legacyUserId(
        playerOf({ iss, sub: 'ada', aud: 'x', iat: 0, exp: 1, type: 'sfu:read' }, () => true).playerId,
      );
    expect(of('https://a.example')).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(of('https://a.example')).not.toBe(of('https://b.example'));
  });

  it('the made-up id of another stock player cannot be taken', async () => {
    const id = '11111111-2222-4333-8444-555555555555';
    const [ada, eve] = [await connectLegacy(node, 'Ada'), await connectLegacy(node, 'Eve')];
    await ada.enter('open-room', stockExtra('den', 's', id));
    const [, players] = await eve.enter('join-room', stockExtra('den', 's', id));
    expect(players).toMatchObject({ [id]: { player_name: 'Ada' } });
    expect(Object.keys(players as object)).toHaveLength(2);
  });
});

describe('what pages of elsewhere cannot do', () => {
  const ELSEWHERE = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' };
  const polling = '/socket.io/?EIO=4&transport=polling';
  const begin = async () => {
    const { text, headers } = await request(node.sfu.url).get(polling);
    const { sid } = JSON.parse(text.slice(1)) as { sid: string };
    return { sid, headers };
  };

  it('go on with a connection that an own page began, though they know its id', async () => {
    const { sid } = await begin();
    const ask = request(node.sfu.url);
    const url = `${polling}&sid=${sid}`;
    expect((await ask.post(url).set(ELSEWHERE).send('40')).status).toBe(403);
    expect((await ask.get(url).set(ELSEWHERE)).status).toBe(403);
    const upgrade = new WebSocket(`${node.sfu.url.replace('polling', 'websocket')}${url}`, {
      headers: ELSEWHERE,
    });
    const [error] = (await once(upgrade, 'error')) as [Error];
    expect(error.message).toMatch(/403/);
    expect((await ask.post(url).type('text/plain').send('40')).text).toBe('ok');
  });

  it('read what a script tag gets, which sends no origin over http', async () => {
    for (const j of ['j=0', 'j', '%6a=0']) {
      expect((await request(node.sfu.url).get(`${polling}&${j}`)).status).toBe(403);
    }
    const { headers } = await begin();
    expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' });
  });
});

describe('what a stranger cannot do, before it is known who it is', () => {
  const polling = '/socket.io/?EIO=4&transport=polling';
  const begin = async (target: TestNode) => {
    const { text } = await request(target.sfu.url).get(polling);
    return `${polling}&sid=${(JSON.parse(text.slice(1)) as { sid: string }).sid}`;
  };

  it('have more sockets than connections', async () => {
    const token = await node.readToken({ sub: 'ada' });
    const { socket, closed } = await rawClient(node, token);
    for (let i = 0; i < 200; i += 1) socket.send(`40${JSON.stringify({ token })}`);
    await closed;
    await eventually(() => node.sfu.connections === 0);
    const url = `${node.sfu.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`;
    const many = new WebSocket(url);
    many.on('open', () => {
      for (let i = 0; i < 200; i += 1) many.send(`40${JSON.stringify({ token })}`);
    });
    const told: string[] = [];
    many.on('message', (data) => void told.push((data as Buffer).toString()));
    await once(many, 'close');
    expect(told.filter((text) => text.startsWith('40')).length).toBeLessThanOrEqual(1);
  });

  it.each([
    ['a body of thousands of packets', '3\x1e'.repeat(8_000) + '3', 200],
    ['a body that shows no token, so large is it', 'x'.repeat(20_000), 413],
  ])('send %s: the connection is gone, and so is what it took', async (_what, body, status) => {
    const strict = await startNode({ maxSocketsPerAddress: 1 });
    const url = await begin(strict);
    expect((await request(strict.sfu.url).get(polling)).status).toBe(403);
    const sent = await request(strict.sfu.url).post(url).type('text/plain').send(body);
    expect(sent.status).toBe(status);
    if (status === 200) await begin(strict);
    await strict.close();
  });

  it('have a text parsed that is too large to be read', async () => {
    const url = `${node.sfu.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`;
    const socket = new WebSocket(url);
    const parse = jest.spyOn(JSON, 'parse');
    socket.on('open', () => socket.send(`40{"token":"${'x'.repeat(500_000)}"}`));
    await once(socket, 'close');
    expect(parse.mock.calls.filter(([text]) => text.length > 100_000)).toEqual([]);
    parse.mockRestore();
  });
});

describe('limits (R3, D26)', () => {
  it('tells the list of rooms only to who asks, twice a second', async () => {
    const [ada, bob] = [await connectLegacy(node, 'Ada'), await connectLegacy(node, 'Bob')];
    await ada.enter('open-room', sfuExtra('den'));
    const answers = await Promise.all([1, 2, 3, 4].map(() => bob.call('request-room-list', {})));
    expect(answers.map(([error]) => error)).toEqual([null, null, 'busy', 'busy']);
    expect(ada.events.map(([name]) => name)).not.toContain('rooms-updated');
  });

  it.each<[string, object, (player: LegacyPlayer) => void, string]>([
    [
      'requests',
      { textPerSecond: 10 },
      ({ socket }) => {
        for (let i = 0; i < 20; i += 1) socket.emit('leave-room', {});
      },
      'tooManyMessages',
    ],
    [
      'game traffic',
      { textPerSecond: 10, binaryPerSecond: 10 },
      ({ socket }) => {
        for (let i = 0; i < 30; i += 1) socket.emit('input', { i });
      },
      'tooManyMessages',
    ],
    [
      'bytes',
      { bytesPerSecond: 100_000 },
      ({ socket }) => {
        for (let i = 0; i < 4; i += 1) socket.emit('input', Buffer.alloc(50_000));
      },
      'tooManyMessages',
    ],
    ['text', {}, ({ socket }) => void socket.emit('data-message', 'x'.repeat(70_000)), 'tooLarge'],
    [
      'attachments',
      {},
      ({ socket }) => void socket.emit('data-message', [Buffer.alloc(700_000), Buffer.alloc(700_000)]),
      'tooLarge',
    ],
  ])('closes a connection that sends too much: %s', async (_what, limits, send, name) => {
    const target = await startNode({}, { limits });
    const eve = await connectLegacy(target, 'Eve');
    send(eve);
    expect(await eve.heard('netplay-closed')).toMatchObject([{ name }]);
    await eventually(() => target.sfu.connections === 0);
    await target.close();
  });

  it('closes a connection whose peer reads too slowly, and keeps the others playing', async () => {
    const target = await startNode(
      {},
      { limits: { ...NO_RATE, maxSendBufferBytes: 256 * 1024, closeTimeoutMs: 200 } },
    );
    const [ada, slow] = [await target.connect('Ada'), await connectLegacy(target, 'Slow')];
    await ada.open('den');
    await slow.enter('join-room', sfuExtra('den'));
    const left = nextEvent(ada, 'users-updated', ({ users }) => users.some((user) => !user.connected));
    const transport = slow.socket.io.engine.transport as unknown as { ws: { pause(): void } };
    transport.ws.pause();
    const sending = setInterval(() => ada.socket.sendFrame(1, new Uint8Array(100_000)), 2);
    await left;
    clearInterval(sending);
    await target.close();
  });

  it('cuts a connection that never says who it is', async () => {
    const target = await startNode({}, { limits: { helloTimeoutMs: 50 } });
    const socket = new WebSocket(
      `${target.sfu.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`,
    );
    await new Promise((resolve) => socket.on('close', resolve));
    await eventually(() => target.sfu.connections === 0);
    await target.close();
  });

  it('polling is bounded like everything else', async () => {
    const polling = await connectLegacy(node, 'Ada', { transports: ['polling'] });
    polling.socket.emit('data-message', Buffer.alloc(2_000_000));
    await eventually(() => !polling.socket.connected);
    expect(legacySocket(node).connected).toBe(false);
  });
});
