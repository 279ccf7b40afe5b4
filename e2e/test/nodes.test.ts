/** Several nodes as processes over one Redis: rooms move when one is stopped (P2.10), and vanish when it dies. */
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createNetplayClient, type NetplayClient, type NetplayRoom } from '@romm-netplay/client';
import { CHANNELS } from '@romm-netplay/protocol/wire';
import { openRedis, openRedisState, type SharedState } from '@romm-netplay/shared-state';
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
let state: SharedState;
let instance: Instance;

async function start(env: Readonly<Record<string, string>> = {}): Promise<void> {
  const node = { REDIS_URL: redis.url, ...env };
  instance = disposers.use(await startInstance({ redisUrl: redis.url, nodes: [node, node], auth: env }));
  await eventually(async () => (await state.nodes.list()).length === 2);
}

beforeEach(async () => {
  disposers = createDisposers();
  redis = disposers.use(await startRedisServer());
  state = disposers.use(await openRedisState({ url: redis.url }));
});
afterEach(() => disposers.closeAll());

const nodeIds = async () => (await state.nodes.list()).map(({ nodeId }) => nodeId).sort();
const hosts = async () => (await state.rooms.list()).map(({ nodeId }) => nodeId);

/** A player with the SDK, whose own instance is reached through the first node. */
function startPlayer(): NetplayClient {
  const id = randomUUID();
  return disposers.use(
    createNetplayClient({
      ...{ authUrl: instance.authUrl, sfuUrl: instance.nodeUrls[0]!, WebSocket },
      identity: () => `Bearer ${id}`,
    }),
  );
}

interface Playing {
  readonly room: NetplayRoom;
  readonly slot: number | null;
  /** How often each slot was heard from. */
  readonly heard: Map<number, number>;
  readonly states: string[];
}

/** A player in a room who sends input ten times a second. */
function play(room: NetplayRoom): Playing {
  const playing: Playing = { room, slot: room.slot, heard: new Map(), states: [] };
  room.onFrame(({ slot }) => void playing.heard.set(slot, (playing.heard.get(slot) ?? 0) + 1));
  room.on('state', (next) => void playing.states.push(next));
  const sending = setInterval(() => room.sendFrame(CHANNELS.input, Uint8Array.of(1, 2, 3)), 100);
  disposers.defer(() => clearInterval(sending));
  return playing;
}

async function pairUp(name: string): Promise<Playing[]> {
  const [ada, bob] = [startPlayer(), startPlayer()];
  const own = play(await ada.openRoom({ name }));
  return [own, play(await bob.joinRoom({ name }))];
}

/** Waits until everybody is connected and hears the other player of their room again. */
async function everybodyPlays(players: readonly Playing[], timeoutMs: number): Promise<void> {
  for (const { heard } of players) heard.clear();
  await eventually(
    () =>
      players.every(
        ({ room, slot, heard }) => room.state === 'connected' && (heard.get(1 - (slot ?? 0)) ?? 0) >= 2,
      ),
    timeoutMs,
  );
}

describe('a node is stopped with SIGTERM while others run (P2.10, P4.9)', () => {
  it('gives its 50 rooms away: nobody loses a slot, and all 100 play on', async () => {
    await start();
    const names = Array.from({ length: 50 }, (_, index) => `room-${index}`);
    const players = (await Promise.all(names.map(pairUp))).flat();
    await everybodyPlays(players, 20_000);
    expect(await hosts()).toEqual(names.map(() => 'node-0'));

    const ended = instance.nodes[0]!.stop('SIGTERM');
    await eventually(() => players.every(({ states }) => states.includes('connected')), 40_000);
    expect(await ended).toBe(0);
    await everybodyPlays(players, 20_000);
    expect(players.map(({ room }) => room.slot)).toEqual(players.map(({ slot }) => slot));
    expect(players.filter(({ states }) => states.join() !== 'reconnecting,connected')).toEqual([]);
    expect(await hosts()).toEqual(names.map(() => 'node-1'));
    expect(await nodeIds()).toEqual(['node-1']);
    expect(await redisKeys('sfu:move:*')).toBe(0);
  }, 120_000);

  it('does not wait for a state that is away when a second signal says so', async () => {
    await start({ SFU_DRAIN_SECONDS: '60' });
    await pairUp('den');
    redis.freeze();
    const ended = instance.nodes[0]!.stop('SIGTERM');
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const startedAt = performance.now();
    await instance.nodes[0]!.stop('SIGTERM');
    expect(performance.now() - startedAt).toBeLessThan(10_000);
    await ended;
    redis.thaw();
  }, 60_000);
});

describe('a node is killed with -9', () => {
  it('takes its rooms along: they and the node are off the lists when their time is over (P4.3)', async () => {
    await start({ ROOM_REGISTRY_TTL_SECONDS: '2' });
    await startPlayer().openRoom({ name: 'den' });
    expect(await nodeIds()).toEqual(['node-0', 'node-1']);
    await instance.nodes[0]!.stop('SIGKILL');
    await eventually(async () => (await hosts()).length === 0, 4_000);
    await eventually(async () => (await nodeIds()).join() === 'node-1', 15_000);
  }, 60_000);
});

async function redisKeys(pattern: string): Promise<number> {
  const connection = disposers.use(await openRedis({ url: redis.url }));
  return (await connection.run((client) => client.keys(pattern))).length;
}
