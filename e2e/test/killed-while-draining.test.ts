/**
 * A node that is killed while it gives its rooms away (P2.10): at whatever moment it dies, a room is on the
 * other node with all its slots, or it is gone as the rooms of any dead node are, and never something between.
 */
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { connectNetplay, type NetplaySocket } from '@romm-netplay/client';
import { openRedisState, type SharedState } from '@romm-netplay/shared-state';
import {
  createDisposers,
  type Disposers,
  eventually,
  type RedisServer,
  startRedisServer,
} from '@romm-netplay/testing';
import { WebSocket } from 'ws';
import { type Instance, startInstance } from './support/instance.js';

const ROOMS = Array.from({ length: 16 }, (_, index) => `room-${index}`);
const ROOM_TTL_SECONDS = 2;

let disposers: Disposers;
let redis: RedisServer;
let state: SharedState;
let instance: Instance;

beforeEach(async () => {
  disposers = createDisposers();
  redis = disposers.use(await startRedisServer());
  state = disposers.use(await openRedisState({ url: redis.url }));
  const node = { REDIS_URL: redis.url, ROOM_REGISTRY_TTL_SECONDS: String(ROOM_TTL_SECONDS) };
  instance = disposers.use(await startInstance({ redisUrl: redis.url, nodes: [node, node] }));
  await eventually(async () => (await state.nodes.list()).length === 2);
});
afterEach(() => disposers.closeAll());

interface Player {
  readonly id: string;
  readonly name: string;
  readonly socket: NetplaySocket;
  readonly slot: number | null;
  /** The one to come back with, as far as the player was told. */
  ticket: string;
}

async function connect(node: number, id: string): Promise<NetplaySocket> {
  const [sfuUrl, token] = [instance.nodeUrls[node]!, await instance.mint(id, 'read')];
  return disposers.use(await connectNetplay({ sfuUrl, token, WebSocket }));
}

/** Two players in a room of the first node, the second of them not in the next slot. */
async function fill(name: string, onTold: () => void): Promise<Player[]> {
  const players: Player[] = [];
  for (const type of ['open-room', 'join-room'] as const) {
    const id = randomUUID();
    const socket = await connect(0, id);
    const entry = { room_name: name, token: await instance.mint(id, 'write') };
    const wish = type === 'open-room' ? {} : { slot: 3 };
    const { slot, resume_token: ticket } = await socket.request(type, { ...entry, ...wish });
    const player = { id, name, socket, slot, ticket };
    socket.on('room-redirect', ({ resume_token: next = player.ticket }) => {
      player.ticket = next;
      onTold();
    });
    players.push(player);
  }
  return players;
}

const codeOf = (error: unknown): string => (error as { code?: string }).code ?? String(error);

/**
 * Comes back to the room by the other node: with the ticket, or, where the node died before it could tell, by
 * joining, which gives the same place. The slot, or what the player is told.
 */
async function comeBack({ id, name, ticket }: Player): Promise<number | null | string> {
  const socket = await connect(1, id);
  try {
    return (await socket.request('resume-room', { room_name: name, resume_token: ticket })).slot;
  } catch (error) {
    if (codeOf(error) !== 'resume_refused') return codeOf(error);
  }
  try {
    const token = await instance.mint(id, 'write');
    return (await socket.request('join-room', { room_name: name, token })).slot;
  } catch (error) {
    return codeOf(error);
  }
}

const records = () => state.rooms.list();

/** Stops the first node and kills it at a moment of that; answers the names of the rooms it gave away. */
async function killAt(moment: () => Promise<void>, players: readonly Player[]): Promise<Set<string>> {
  const [victim] = instance.nodes;
  const ended = victim!.stop('SIGTERM');
  await moment();
  await victim!.stop('SIGKILL');
  expect(await ended).toBeNull();
  await Promise.all(players.map(({ socket }) => socket.closed));
  // The records of the dead node live no longer than those of any other that dies.
  const isAlive = ({ nodeId }: { nodeId: string }) => nodeId === 'node-1';
  await eventually(async () => (await records()).every(isAlive), (ROOM_TTL_SECONDS + 3) * 1000);
  return new Set((await records()).map(({ room_name: name }) => name));
}

const after = (ms: number) => () => new Promise<void>((resolve) => setTimeout(resolve, ms));
const jitterMs = 10 + Math.floor(Math.random() * 40);

describe('a node that is killed with -9 while it drains (P2.10, P4.9)', () => {
  let tell: () => void;
  let firstTold: Promise<void>;
  let players: readonly Player[];
  beforeEach(async () => {
    firstTold = new Promise((resolve) => (tell = resolve));
    players = (await Promise.all(ROOMS.map((name) => fill(name, tell)))).flat();
  });

  it.each<[when: string, moment: () => Promise<void>]>([
    ['at once', after(0)],
    [`after ${jitterMs} ms`, after(jitterMs)],
    ['when the first player is told where to go', () => firstTold],
  ])(
    'leaves every room whole on the other node, or gone: killed %s',
    async (_when, moment) => {
      const moved = await killAt(moment, players);
      const outcomes = await Promise.all(
        players.map(async (player) => [player.name, await comeBack(player)]),
      );
      const expected = players.map(({ name, slot }) => [name, moved.has(name) ? slot : 'room_not_found']);
      expect(outcomes).toEqual(expected);

      // Each that moved is there once, with both its players, and its state waits for nobody else.
      const listed = (await records()).map((room) => [room.room_name, room.nodeId, room.current]).sort();
      expect(listed).toEqual([...moved].sort().map((name) => [name, 'node-1', 2]));
      await eventually(async () => {
        const survivor = (await state.nodes.list()).find(({ nodeId }) => nodeId === 'node-1');
        return survivor?.rooms === moved.size;
      });
      for (const name of moved) expect(await state.moves.take(name)).toBeUndefined();

      // The others have left names that are free, for rooms in which nothing of them is.
      const eve = randomUUID();
      const socket = await connect(1, eve);
      for (const name of ROOMS.filter((room) => !moved.has(room))) {
        const token = await instance.mint(eve, 'write');
        const { room } = await socket.request('open-room', { room_name: name, token });
        expect(room.users).toHaveLength(1);
        await socket.request('leave-room', {});
      }
    },
    60_000,
  );
});
