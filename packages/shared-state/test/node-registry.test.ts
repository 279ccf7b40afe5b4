import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  createMemoryNodeRegistry,
  createRedisNodeRegistry,
  NODE_EXPIRIES_KEY,
  NODE_RECORDS_KEY,
  openRedis,
} from '@romm-netplay/shared-state';
import { eventually, type RedisServer, startRedisServer } from '@romm-netplay/testing';
import {
  nodeOf,
  nodeRegistryContract,
  type NodeRegistryUnderTest,
  writingNodesContract,
} from './contracts/node-registry.contract.js';

describe('NodeRegistry in memory', () => {
  const open = (ttlMs: number): Promise<NodeRegistryUnderTest> => {
    let nowMs = 1_800_000_000_000;
    const registry = createMemoryNodeRegistry({ ttlMs, elapsed: () => nowMs });
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
  nodeRegistryContract(open);
  writingNodesContract(open);
});

describe('NodeRegistry in Redis', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedisServer();
  });
  afterAll(() => server.close());

  const open = async (ttlMs: number): Promise<NodeRegistryUnderTest> => {
    const [redis, otherRedis] = [await openRedis({ url: server.url }), await openRedis({ url: server.url })];
    const registry = createRedisNodeRegistry(redis, { ttlMs });
    return {
      registry,
      other: createRedisNodeRegistry(otherRedis, { ttlMs }),
      expire: () => eventually(async () => (await registry.list()).length === 0).then(() => undefined),
      async close() {
        await redis.run((client) => client.flushAll());
        await redis.close();
        await otherRedis.close();
      },
    };
  };
  nodeRegistryContract(open);
  writingNodesContract(open);

  it('keeps both keys on one Cluster node, and sweeps what has expired', async () => {
    const hashTag = /\{(.+)\}/;
    expect(hashTag.exec(NODE_RECORDS_KEY)?.[1]).toBe(hashTag.exec(NODE_EXPIRIES_KEY)?.[1]);
    const redis = await openRedis({ url: server.url });
    const registry = createRedisNodeRegistry(redis, { ttlMs: 1 });
    await registry.upsert(nodeOf());
    await eventually(async () => (await registry.list()).length === 0);
    expect(await redis.run((client) => client.dbSize())).toBe(0);
    await redis.close();
  });

  it('leaves out a record that some other program spoiled, and lets its node write it anew', async () => {
    const redis = await openRedis({ url: server.url });
    const registry = createRedisNodeRegistry(redis);
    await registry.upsert(nodeOf({ nodeId: 'node-b' }));
    await registry.upsert(nodeOf());
    for (const spoiled of ['{', '7', '{"url":"javascript:alert(1)"}']) {
      await redis.run((client) => client.hSet(NODE_RECORDS_KEY, 'node-b', spoiled));
      expect((await registry.list()).map(({ nodeId }) => nodeId)).toEqual(['node-a']);
    }
    await redis.run((client) => client.hSet(NODE_RECORDS_KEY, 'node-b', '{'));
    expect(await registry.upsert(nodeOf({ nodeId: 'node-b' }))).toBe('stored');
    await redis.run((client) => client.flushAll());
    await redis.close();
  });
});
