import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connectNetplay, NetplayError, type NetplaySocket } from '@romm-netplay/client';
import { createDisposers, type RedisServer, startRedisServer } from '@romm-netplay/testing';
import { WebSocket } from 'ws';
import { type Instance, startInstance } from './support/instance.js';

const TOKENS = 1_000;
const RACERS = 50;
/** Tokens minted at a time; they live 30 s. */
const BATCH = 50;

const disposers = createDisposers();
let redis: RedisServer;
let instance: Instance;
beforeAll(async () => {
  redis = disposers.use(await startRedisServer());
  const node = { REDIS_URL: redis.url, SFU_MAX_MESSAGES_PER_SECOND: '100000' };
  instance = disposers.use(await startInstance({ redisUrl: redis.url, nodes: [node, node, node] }));
});
afterAll(() => disposers.closeAll());

describe('auth and three SFU nodes as separate processes over one Redis (A2, P1.4)', () => {
  it(`lets exactly one of ${RACERS} win each of ${TOKENS} write tokens`, async () => {
    const player = randomUUID();
    const token = await instance.mint(player, 'read');
    const sockets = await Promise.all(
      Array.from({ length: RACERS }, (_, index) =>
        connectNetplay({ sfuUrl: instance.nodeUrls[index % 3]!, token, WebSocket, requestTimeoutMs: 60_000 }),
      ),
    );
    const codes = new Map<string, number>();
    const winsPerToken: number[] = [];
    for (let first = 0; first < TOKENS; first += BATCH) {
      const tokens = await Promise.all(Array.from({ length: BATCH }, () => instance.mint(player, 'write')));
      for (const raced of tokens) {
        const race = await Promise.all(sockets.map((socket) => open(socket, raced)));
        winsPerToken.push(race.filter((code) => code === 'accepted').length);
        for (const code of race) codes.set(code, (codes.get(code) ?? 0) + 1);
      }
    }
    for (const socket of sockets) socket.close();
    expect(winsPerToken).toEqual(Array<number>(TOKENS).fill(1));
    expect(Object.fromEntries(codes)).toEqual({ accepted: TOKENS, token_used: TOKENS * (RACERS - 1) });
  }, 240_000);

  it('shows the rooms of every node on every node', async () => {
    const players = await Promise.all(
      instance.nodeUrls.map(async (sfuUrl) => {
        const id = randomUUID();
        return {
          id,
          socket: await connectNetplay({ sfuUrl, token: await instance.mint(id, 'read'), WebSocket }),
        };
      }),
    );
    for (const [index, { id, socket }] of players.entries()) {
      await socket.request('open-room', {
        room_name: `on-${index}`,
        token: await instance.mint(id, 'write'),
      });
    }
    for (const { socket } of players) {
      const { rooms } = await socket.request('list-rooms', {});
      expect(rooms.map(({ room_name, nodeId }) => [room_name, nodeId]).sort()).toEqual([
        ['on-0', 'node-0'],
        ['on-1', 'node-1'],
        ['on-2', 'node-2'],
      ]);
    }
    const [first, second] = players;
    const refused = async (type: 'open-room' | 'join-room') => {
      const write = await instance.mint(second!.id, 'write');
      await second!.socket.request('leave-room', {});
      return codeOf(second!.socket.request(type, { room_name: 'on-0', token: write }));
    };
    expect(await refused('open-room')).toBe('room_exists');
    expect(await refused('join-room')).toBe('room_elsewhere');
    first!.socket.close();
    for (const { socket } of players) socket.close();
  });
});

/** Opens a room of its own and leaves it, so that the token decides the outcome and nothing else. */
async function open(socket: NetplaySocket, token: string): Promise<string> {
  const opened = await codeOf(socket.request('open-room', { room_name: randomUUID(), token }));
  if (opened === 'accepted') await socket.request('leave-room', {});
  return opened;
}

const codeOf = (request: Promise<unknown>): Promise<string> =>
  request.then(
    () => 'accepted',
    (error: unknown) => (error instanceof NetplayError ? error.code : String(error)),
  );
