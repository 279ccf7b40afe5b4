import type { Compatibility, RoomExtra } from '@romm-netplay/protocol';
import { SocketError } from '../../errors.js';

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

/** What somebody has or tells does not do for a slot; with what a dialect may want to say of it. */
export class IncompatibleGameError extends SocketError {
  readonly compatibility: Compatibility;
  readonly needs: RoomExtra;
  readonly mayWatch: boolean;
  /** What differs or is not known, a phrase each. */
  readonly issues: readonly string[];

  constructor(room: { readonly extra: RoomExtra; readonly allowSpectators: boolean }, has: GameFacts) {
    const { extra: needs, allowSpectators: mayWatch } = room;
    const compatibility = compatibilityWith(needs, has);
    const issues = issuesOf(needs, has);
    super('incompatible_game', { message: explain(needs, compatibility, issues, mayWatch) });
    this.name = 'IncompatibleGameError';
    this.compatibility = compatibility;
    this.needs = needs;
    this.mayWatch = mayWatch;
    this.issues = issues;
  }
}

function explain(
  needs: RoomExtra,
  compatibility: Compatibility,
  issues: readonly string[],
  mayWatch: boolean,
) {
  const or = mayWatch ? ', or join as a spectator.' : '.';
  if (compatibility === 'unverified') return `Here ROM and core have to be known (${issues.join('; ')})${or}`;
  const { rom_name: romName, rom_hash: romHash, core_type: core } = needs;
  const rom = [romName ?? 'the same ROM', romHash === undefined ? '' : ` (hash ${romHash})`].join('');
  const on = core === undefined ? '' : ` on the core ${core}`;
  return `This room plays ${rom}${on}; get that${or}`;
}

function issuesOf(needs: GameFacts, has: GameFacts): string[] {
  const issue = (what: string, needed: string | undefined, had: string | undefined) =>
    `${what}: the room has ${needed ?? 'told none'}, you have ${had ?? 'told none'}`;
  return [
    ...(has.has_game === false ? ['you do not have the game'] : []),
    ...(sameHash(needs.rom_hash, has.rom_hash) === 'yes'
      ? []
      : [issue('ROM hash', needs.rom_hash, has.rom_hash)]),
    ...(sameCore(needs.core_type, has.core_type) === 'yes'
      ? []
      : [issue('core', needs.core_type, has.core_type)]),
  ];
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
