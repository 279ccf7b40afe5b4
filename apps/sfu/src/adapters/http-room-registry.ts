import { type RoomRecord, roomRecord } from '@romm-netplay/protocol';
import { AUTH_API } from '@romm-netplay/protocol/auth-api';
import type { RoomRegistry } from '@romm-netplay/shared-state';
import type { AuthApiClient } from './auth-api-client.js';
import { assertOk } from './auth-failure.js';

/** The room registry behind auth's internal endpoints (mode A3). */
export function createHttpRoomRegistry(auth: AuthApiClient): RoomRegistry {
  async function list(): Promise<RoomRecord[]> {
    const { status, body } = await auth.get(AUTH_API.listRooms.path);
    assertOk(status, body);
    const records = Object.values(body as Record<string, unknown>);
    return records.flatMap((record): RoomRecord[] => {
      const { data } = roomRecord.safeParse(record);
      return data === undefined ? [] : [data];
    });
  }

  return {
    async upsert(record) {
      const { status, body } = await auth.post(AUTH_API.upsertRoom.path, record);
      if (status === 409) return 'held-by-other-node';
      assertOk(status, body);
      return 'stored';
    },
    async remove(key, nodeId) {
      const { status, body } = await auth.post(AUTH_API.deleteRoom.path, { ...byKey(key), nodeId });
      if (status === 409) return 'held-by-other-node';
      assertOk(status, body);
      // Auth answers alike whether there was a record.
      return 'removed';
    },
    async resolve(key) {
      const query = new URLSearchParams({ room: byKey(key).room_name, key });
      const { status, body } = await auth.get(`${AUTH_API.resolveRoom.path}?${query.toString()}`);
      if (status === 404) return undefined;
      assertOk(status, body);
      return roomRecord.parse(body);
    },
    findByName: async (name) => (await list()).filter((record) => record.room_name === name),
    list,
  };
}

/** The endpoints name a room, as servers that know no keys do; the key is what counts. */
const byKey = (key: string) => ({ room_name: 'by-key', room_key: key });
