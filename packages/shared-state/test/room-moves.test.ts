import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createMemoryRoomMoves, createRedisRoomMoves, moveKey, openRedis } from '@romm-netplay/shared-state';
import { type RedisServer, startRedisServer } from '@romm-netplay/testing';
import { roomMovesContract } from './contracts/room-moves.contract.js';

describe('RoomMoves in memory', () => {
  roomMovesContract(() => {
    let nowMs = 1_800_000_000_000;
    const moves = createMemoryRoomMoves({ elapsed: () => nowMs });
    return Promise.resolve({
      moves,
      other: moves,
      pass(ms) {
        nowMs += ms;
        return Promise.resolve();
      },
      close: () => Promise.resolve(),
    });
  });
});

describe('RoomMoves in Redis', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedisServer();
  });
  afterAll(() => server.close());

  roomMovesContract(async () => {
    const [redis, otherRedis] = [await openRedis({ url: server.url }), await openRedis({ url: server.url })];
    return {
      moves: createRedisRoomMoves(redis),
      other: createRedisRoomMoves(otherRedis),
      pass: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
      async close() {
        await redis.run((client) => client.flushAll());
        await redis.close();
        await otherRedis.close();
      },
    };
  });

  it('lets Redis forget what was left lying', async () => {
    const redis = await openRedis({ url: server.url });
    await createRedisRoomMoves(redis).put('friday', 'state', 60_000);
    const leftMs = await redis.run((client) => client.pTTL(moveKey('friday')));
    expect(leftMs).toBeGreaterThan(50_000);
    expect(leftMs).toBeLessThanOrEqual(60_000);
    await redis.run((client) => client.flushAll());
    await redis.close();
  });
});
