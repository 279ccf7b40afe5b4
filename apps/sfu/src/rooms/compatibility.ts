import type { Compatibility } from '@romm-netplay/protocol';

/** What a room needs, or what a player has. */
export interface GameFacts {
  readonly rom_hash?: string | undefined;
  readonly core_type?: string | undefined;
  /** False: the player knows that they have no such game. */
  readonly has_game?: boolean | undefined;
}

/**
 * Whether a player can play along (R1). The machines of a `delay_sync` game run the same ROM on the same core,
 * or they drift apart, which looks like lag. Other modes show the game of one machine, so everyone is ready.
 */
export function compatibilityWith(
  room: GameFacts & { readonly netplay_mode?: unknown },
  player: GameFacts,
): Compatibility {
  // Records of older servers in the same registry say 1.
  if (room.netplay_mode !== 'delay_sync' && room.netplay_mode !== 1) return 'ready';
  if (player.has_game === false) return 'missing';
  const verdicts = [sameHash(room.rom_hash, player.rom_hash), sameCore(room.core_type, player.core_type)];
  if (verdicts.includes('no')) return 'mismatch';
  return verdicts.includes('unknown') ? 'unverified' : 'ready';
}

/** Fit for a slot: what cannot be compared gets the benefit of the doubt. */
export const mayPlay = (compatibility: Compatibility): boolean =>
  compatibility === 'ready' || compatibility === 'unverified';

/** What a player needs, as a sentence. */
export function requirementOf({
  rom_name: romName,
  rom_hash: romHash,
  core_type: core,
}: GameFacts & { readonly rom_name?: string | undefined }): string {
  const rom = [romName ?? 'the same ROM', romHash === undefined ? '' : ` (hash ${romHash})`].join('');
  const on = core === undefined ? '' : ` on the core ${core}`;
  return `This room plays ${rom}${on}; get that, or join as a spectator.`;
}

type Verdict = 'yes' | 'no' | 'unknown';

function sameHash(needed: string | undefined, has: string | undefined): Verdict {
  const [a, b] = [plain(needed), plain(has)];
  // Digests of different lengths are of different algorithms, and say nothing of each other.
  if (a === '' || b === '' || a.length !== b.length) return 'unknown';
  return a === b ? 'yes' : 'no';
}

function sameCore(needed: string | undefined, has: string | undefined): Verdict {
  const [a, b] = [plain(needed), plain(has)];
  if (a === b) return 'yes';
  return a === '' || b === '' ? 'unknown' : 'no';
}

const plain = (text: string | undefined): string => text?.trim().toLowerCase() ?? '';
