import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { connectNetplay, NetplayError, type NetplaySocket } from '@romm-netplay/client';
import { CHANNELS, CLOSE_CODES } from '@romm-netplay/protocol/wire';
import { openRedisState } from '@romm-netplay/shared-state';
import {
  createDisposers,
  type Disposers,
  eventually,
  type RedisServer,
  startRedisServer,
} from '@romm-netplay/testing';
import { WebSocket } from 'ws';
import { type Instance, startInstance } from './support/instance.js';

let disposers: Disposers;
let redis: RedisServer;
let instance: Instance;
beforeEach(async () => {
  disposers = createDisposers();
  redis = disposers.use(await startRedisServer());
  const node = { REDIS_URL: redis.url, ROOM_REGISTRY_TTL_SECONDS: '2', SFU_MAX_MESSAGES_PER_SECOND: '1000' };
  instance = disposers.use(
    await startInstance({
      redisUrl: redis.url,
      nodes: [node, node],
      auth: { ROOM_REGISTRY_TTL_SECONDS: '2' },
    }),
  );
});
afterEach(() => disposers.closeAll());

interface Player {
  readonly id: string;
  readonly socket: NetplaySocket;
}

async function connect(node = 0): Promise<Player> {
  const id = randomUUID();
  const token = await instance.mint(id, 'read');
  return {
    id,
    socket: disposers.use(await connectNetplay({ sfuUrl: instance.nodeUrls[node]!, token, WebSocket })),
  };
}

const open = async ({ id, socket }: Player, roomName: string) =>
  socket.request('open-room', { room_name: roomName, token: await instance.mint(id, 'write') });

const codeOf = (request: Promise<unknown>): Promise<string> =>
  request.then(
    () => 'accepted',
    (error: unknown) => (error instanceof NetplayError ? error.code : String(error)),
  );

async function roundTrip(from: Player, to: Player): Promise<void> {
  const arrived = new Promise<void>((resolve) => {
    const stop = to.socket.onFrame(() => {
      stop();
      resolve();
    });
  });
  from.socket.sendFrame(CHANNELS.input, Uint8Array.of(1));
  await arrived;
}

describe.each([
  ['dead', () => redis.kill(), () => redis.restart()],
  ['frozen', () => redis.freeze(), () => redis.thaw()],
] as const)('Redis is %s', (_how, takeAway, bringBack) => {
  it('stops opening and joining at once with a retryable answer, not the game; all of it comes back by itself', async () => {
    const [ada, bob, cid] = [await connect(), await connect(), await connect()];
    await open(ada, 'den');
    await bob.socket.request('join-room', { room_name: 'den', token: await instance.mint(bob.id, 'write') });
    const token = await instance.mint(cid.id, 'write');

    await takeAway();
    const startedAt = performance.now();
    expect(await codeOf(cid.socket.request('open-room', { room_name: 'other', token }))).toBe('unavailable');
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    await roundTrip(ada, bob);
    expect((await fetch(`${instance.nodeUrls[0]!}/readyz`)).status).toBe(503);
    expect((await fetch(`${instance.nodeUrls[0]!}/healthz`)).status).toBe(200);
    await expect(instance.mint(cid.id, 'write')).rejects.toThrow('503');
    await expect(instance.mint(cid.id, 'read')).resolves.toBeDefined();

    await bringBack();
    await eventually(() => open(cid, 'other'), 20_000);
    await eventually(async () => {
      const { rooms } = await bob.socket.request('list-rooms', {});
      return (
        rooms
          .map(({ room_name: name }) => name)
          .sort()
          .join() === 'den,other'
      );
    });
    await roundTrip(bob, ada);
  });
});

describe('a node ends', () => {
  it('with SIGTERM, and no other is there: says so to its players, leaves the list at once, exits with 0', async () => {
    await instance.nodes[1]!.stop('SIGKILL');
    const ada = await connect(0);
    await open(ada, 'den');
    const state = disposers.use(await openRedisState({ url: redis.url }));
    // A killed node counts until it has been silent for a while.
    await eventually(async () => (await state.nodes.list()).length === 1, 15_000);
    const ended = instance.nodes[0]!.stop('SIGTERM');
    expect(await ada.socket.closed).toMatchObject({ code: CLOSE_CODES.goingAway.code, retry: true });
    expect(await ended).toBe(0);
    expect(await state.rooms.list()).toEqual([]);
  });

  it('with kill -9: its rooms are gone within the registry’s time to live, and their names free', async () => {
    const [ada, watcher] = [await connect(0), await connect(1)];
    await open(ada, 'den');
    await instance.nodes[0]!.stop('SIGKILL');
    await eventually(async () => (await watcher.socket.request('list-rooms', {})).rooms.length === 0);
    await open(watcher, 'den');
  });
});

describe('auth ends and starts again', () => {
  it('leaves sockets and games alone, and refuses nobody for it', async () => {
    const [ada, bob] = [await connect(), await connect()];
    await open(ada, 'den');
    const token = await instance.mint(bob.id, 'write');
    await instance.auth.stop('SIGKILL');
    await bob.socket.request('join-room', { room_name: 'den', token });
    await roundTrip(ada, bob);
  });
});
