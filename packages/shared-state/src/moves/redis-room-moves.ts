import type { RedisConnection } from '../redis/connection.js';
import { isTooLarge, type RoomMoves } from './room-moves.js';

export const moveKey = (roomName: string) => `sfu:move:${roomName}`;

/** Rooms on their way between the nodes over one Redis (mode A2). */
export function createRedisRoomMoves(redis: RedisConnection): RoomMoves {
  return {
    async put(roomName, state, ttlMs) {
      if (isTooLarge(state)) return 'too-large';
      const expiration = { type: 'PX', value: Math.max(1, Math.round(ttlMs)) } as const;
      await redis.run((client) => client.set(moveKey(roomName), state, { expiration }));
      return 'stored';
    },
    take: (roomName) =>
      redis.run((client) => client.getDel(moveKey(roomName))).then((state) => state ?? undefined),
  };
}
