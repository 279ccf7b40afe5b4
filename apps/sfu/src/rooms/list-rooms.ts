import type { RoomRecord } from '@romm-netplay/protocol';
import type { RoomRegistry } from '@romm-netplay/shared-state';

/** The rooms of every node of this instance that are not private, optionally of one game. */
export async function listRooms(
  { registry }: { readonly registry: RoomRegistry },
  { gameId }: { gameId?: string | undefined } = {},
): Promise<RoomRecord[]> {
  const records = await registry.list();
  return records.filter(
    (record) =>
      record['visibility'] !== 'private' && (gameId === undefined || String(record['game_id']) === gameId),
  );
}
