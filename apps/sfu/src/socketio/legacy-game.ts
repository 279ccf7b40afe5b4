import type { MemberExtra, RoomExtra } from '@romm-netplay/protocol';
import type { LegacyMetadata } from './payloads.js';

const MODES = ['live_stream', 'delay_sync', 'arcade'] as const;

/** About the game, by the names of netplay.v1; today's clients have two names for most things (D23). */
export function roomExtraOf(extra: LegacyMetadata): RoomExtra {
  return present({
    ...memberExtraOf(extra),
    game_id: extra.game_id,
    system: extra.system ?? extra.systemType,
    platform: extra.platform,
    netplay_mode: modeOf(extra.netplay_mode),
    sync_config: extra.sync_config ?? undefined,
  });
}

export function memberExtraOf(extra: LegacyMetadata): MemberExtra {
  return present({
    rom_hash: extra.rom_hash ?? extra.romHash,
    rom_name: extra.rom_name ?? extra.romFilename,
    core_type: extra.core_type ?? extra.coreId,
    core_version: extra.core_version ?? extra.coreVersion,
  });
}

/** The same the other way: every name that one of the clients reads. */
export const legacyGame = (extra: RoomExtra) =>
  present({
    ...legacyMemberGame(extra),
    game_id: extra.game_id,
    system: extra.system,
    systemType: extra.system,
    platform: extra.platform,
    netplay_mode: legacyMode(extra.netplay_mode),
    sync_config: extra.sync_config,
  });

export const legacyMemberGame = (extra: MemberExtra) =>
  present({
    rom_hash: extra.rom_hash,
    romHash: extra.rom_hash,
    rom_name: extra.rom_name,
    romFilename: extra.rom_name,
    core_type: extra.core_type,
    coreId: extra.core_type,
    core_version: extra.core_version,
    coreVersion: extra.core_version,
  });

export const legacyMode = (mode: RoomExtra['netplay_mode']): number =>
  mode === undefined ? 0 : MODES.indexOf(mode);

function modeOf(mode: LegacyMetadata['netplay_mode']): RoomExtra['netplay_mode'] {
  return typeof mode === 'number' ? MODES[mode] : MODES.find((known) => known === mode);
}

/** Whether others may watch. Today's clients have two names for this, too, and write numbers for booleans. */
export const letsWatch = ({
  allow_spectators: allowed,
  spectator_mode: mode,
}: {
  readonly allow_spectators?: unknown;
  readonly spectator_mode?: unknown;
}): boolean => ![allowed, mode].some((said) => said === false || said === 0);

type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

const present = <T extends object>(value: T): Present<T> =>
  Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as Present<T>;
