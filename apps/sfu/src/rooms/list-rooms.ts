import { type ListedRoom, type RequestData, type RoomRecord, shownRecord } from '@romm-netplay/protocol';
import type { RoomRegistry } from '@romm-netplay/shared-state';
import { assertMay, type GuestDeps } from '../guests/assert-may.js';
import { findsRecord } from '../guests/find-allowed.js';
import type { Player } from '../players/player.js';
import { compatibilityWith } from './model/compatibility.js';

export interface ListRoomsDeps extends GuestDeps {
  readonly registry: RoomRegistry;
}

/**
 * The rooms of every node of this instance that are not private and that the player may find, optionally of one
 * game. @throws SocketError issuer_not_permitted, banned_here; StateUnavailableError
 */
export async function listRooms(
  deps: ListRoomsDeps,
  player: Player,
  { gameId }: { gameId?: string | undefined } = {},
): Promise<RoomRecord[]> {
  assertMay(deps, player, 'rooms:list');
  const records = await deps.registry.list();
  return records
    .filter(
      (record) =>
        record['visibility'] !== 'private' &&
        findsRecord(player, record) &&
        (gameId === undefined || String(record['game_id']) === gameId),
    )
    .map((record) => shownTo(player, record));
}

/** Which guests are in a room is nobody's business; whose it is, and which instances it admits, none of a guest's. */
function shownTo({ instance }: Player, record: RoomRecord): RoomRecord {
  if (instance === null) return shownRecord(record);
  const { admits: _admits, player_name: _owner, ...shown } = shownRecord(record);
  return shown;
}

/** The same for somebody who may tell what they have, with what they can play. */
export async function listRoomsFor(
  deps: ListRoomsDeps,
  player: Player,
  has: RequestData<'list-rooms'>,
): Promise<ListedRoom[]> {
  const records = await listRooms(deps, player);
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
