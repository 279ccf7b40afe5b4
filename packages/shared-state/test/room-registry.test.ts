import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { namedRoomKey } from '@romm-netplay/protocol';
import {
  createMemoryRoomRegistry,
  createRedisRoomRegistry,
  openRedis,
  ROOM_EXPIRIES_KEY,
  ROOM_RECORDS_KEY,
  ROOM_NAMES_KEY,
} from '@romm-netplay/shared-state';
import { eventually, type RedisServer, startRedisServer } from '@romm-netplay/testing';
import {
  handoverRegistryContract,
  roomOf,
  roomRegistryContract,
} from './contracts/room-registry.contract.js';

describe('RoomRegistry in memory', () => {
  const open = (ttlMs: number) => {
    let nowMs = 1_800_000_000_000;
    const registry = createMemoryRoomRegistry({ ttlMs, elapsed: () => nowMs });
    return Promise.resolve({
      registry,
      other: registry,
      expire() {
        nowMs += ttlMs;
        return Promise.resolve();
      },
      close: () => Promise.resolve(),
    });
  };
  roomRegistryContract(open);
  handoverRegistryContract(open);
});

describe('RoomRegistry in Redis', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedisServer();
  });
  afterAll(() => server.close());

  const open = async (ttlMs: number) => {
    const [redis, otherRedis] = [await openRedis({ url: server.url }), await openRedis({ url: server.url })];
    const registry = createRedisRoomRegistry(redis, { ttlMs });
    return {
      registry,
      other: createRedisRoomRegistry(otherRedis, { ttlMs }),
      expire: () =>
        eventually(async () => (await registry.resolve(namedRoomKey('friday'))) === undefined).then(
          () => undefined,
        ),
      async close() {
        await redis.run((client) => client.flushAll());
        await redis.close();
        await otherRedis.close();
      },
    };
  };
  roomRegistryContract(open);
  handoverRegistryContract(open);

  it('keeps its keys on one Cluster node, and sweeps what has expired', async () => {
    const hashTag = /\{(.+)\}/;
    for (const key of [ROOM_RECORDS_KEY, ROOM_EXPIRIES_KEY, ROOM_NAMES_KEY]) {
      expect(hashTag.exec(key)?.[1]).toBe('rooms');
    }
    const redis = await openRedis({ url: server.url });
    const registry = createRedisRoomRegistry(redis, { ttlMs: 1 });
    await registry.upsert(roomOf());
    await eventually(async () => (await registry.list()).length === 0);
    expect(await redis.run((client) => client.dbSize())).toBe(0);
    await redis.close();
  });

  it('leaves out a record that some other program spoiled', async () => {
    const redis = await openRedis({ url: server.url });
    const registry = createRedisRoomRegistry(redis);
    await registry.upsert(roomOf());
    await redis.run((client) => client.hSet(ROOM_RECORDS_KEY, { broken: '{', strange: '{"room_name":7}' }));
    expect(await registry.list()).toEqual([roomOf()]);
    await registry.upsert(roomOf({ room_name: 'broken' }));
    await redis.run((client) => client.hSet(ROOM_RECORDS_KEY, { [namedRoomKey('broken')]: '{' }));
    expect(await registry.findByName('broken')).toEqual([]);
    expect(await registry.resolve(namedRoomKey('broken'))).toBeUndefined();
    await redis.run((client) => client.flushAll());
    await redis.close();
  });
});
