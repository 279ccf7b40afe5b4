import type { ListedRoom, RequestData, RoomRecord } from '@romm-netplay/protocol';
import type { RoomRegistry } from '@romm-netplay/shared-state';
import { compatibilityWith } from './compatibility.js';

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

/** The same for somebody who may tell what they have, with what they can play. */
export async function listRoomsFor(
  deps: { readonly registry: RoomRegistry },
  has: RequestData<'list-rooms'>,
): Promise<ListedRoom[]> {
  const records = await listRooms(deps);
  if (has.rom_hash === undefined && has.core_type === undefined) return records;
  return records.map((record) => ({ ...record, compatibility: compatibilityWith(needsOf(record), has) }));
}

/** Records of other servers may hold anything under these names. */
const needsOf = (record: RoomRecord) => ({
  netplay_mode: record['netplay_mode'],
  rom_hash: textOf(record['rom_hash']),
  core_type: textOf(record['core_type']),
});

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
