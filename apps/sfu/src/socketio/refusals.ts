import type { SocketErrorBody, SocketErrorCode } from '@romm-netplay/protocol/wire';
import { IncompatibleGameError } from '../rooms/model/compatibility.js';

/** The words today's clients compare refusals with. Codes for tokens are none of these: see `wordOf`. */
type Words = Readonly<Record<SocketErrorCode, string>>;

const COMMON = {
  unknown_type: 'unknown event',
  already_authenticated: 'unauthorized',
  unauthorized: 'unauthorized',
  not_signed_in: 'unauthorized',
  kiosk_visitor: 'unauthorized',
  account_disabled: 'unauthorized',
  identity_taken: 'unauthorized',
  romm_unavailable: 'auth unavailable',
  token_used: 'unauthorized',
  token_not_yours: 'unauthorized',
  unavailable: 'auth unavailable',
  rooms_full: 'too many rooms',
  no_spectators: 'spectators not allowed',
  room_locked: 'room locked',
  banned: 'banned',
  too_many_attempts: 'too many attempts',
  resume_refused: 'no such room',
  not_owner: 'not owner',
  not_all_ready: 'not all players ready',
  slot_taken: 'slot taken',
  invalid_slot: 'invalid slot',
  last_player: 'no available slots',
  bans_full: 'too many bans',
  bad_frame: 'invalid',
  node_draining: 'node draining',
  issuer_not_permitted: 'instance not permitted',
  banned_here: 'banned',
  guests_full: 'too many guests',
  busy: 'busy',
  internal: 'error',
} as const;

const SFU_WORDS = {
  ...COMMON,
  invalid_request: 'invalid',
  room_exists: 'room exists',
  room_not_found: 'no such room',
  room_elsewhere: 'no such room',
  room_ambiguous: 'no such room',
  node_not_allowed: 'no such room',
  seats_full: 'userid in use',
  room_full: 'room full',
  incompatible_game: 'incompatible_game',
  wrong_password: 'bad password',
  already_in_room: 'userid in use',
  not_in_room: 'not in room',
  wrong_phase: 'not in delay sync lobby',
  target_not_in_room: 'not a member',
  spectator: 'spectators cannot participate in lobby',
} as const satisfies Words;

const STOCK_WORDS = {
  ...COMMON,
  invalid_request: 'Invalid data',
  room_exists: 'Room already exists',
  room_not_found: 'Room not found',
  room_elsewhere: 'Room is on another node',
  room_ambiguous: 'Several rooms have this name',
  node_not_allowed: 'Room is on a server that is not allowed here',
  seats_full: 'Too many players of one account',
  room_full: 'Room is full',
  incompatible_game: 'Incompatible game',
  wrong_password: 'Incorrect password',
  already_in_room: 'Already in a room',
  not_in_room: 'Not in a room',
  wrong_phase: 'Not possible now',
  target_not_in_room: 'Not in a room',
  spectator: 'Spectators only watch',
} as const satisfies Words;

/** A refusal as a client reads it; `cause` is what it was told of. */
export type Refuse = (refusal: SocketErrorBody, cause: unknown) => unknown;

export const sfuRefusal: Refuse = ({ code, retryable }, cause) =>
  cause instanceof IncompatibleGameError ? gameRefusal(cause) : wordOf(SFU_WORDS, code, retryable);

/**
 * What kept somebody from playing, and whether they may watch instead: another ROM or core is
 * `incompatible_game`; one that is not there or not told is what delay sync requires.
 */
function gameRefusal({ compatibility, needs, message, mayWatch, issues }: IncompatibleGameError): object {
  const { rom_hash: romHash = null, rom_name: romName = null, core_type: coreType = null } = needs;
  const common = { message, canJoinAsSpectator: mayWatch };
  return compatibility === 'mismatch'
    ? { error: 'incompatible_game', ...common, requiredRomHash: romHash, requiredCoreType: coreType }
    : {
        error: 'delay_sync_requirements_not_met',
        ...common,
        compatibilityIssues: issues,
        requiredMetadata: { rom_hash: romHash, rom_name: romName, core_type: coreType },
      };
}

export const stockRefusal: Refuse = ({ code, retryable }) => wordOf(STOCK_WORDS, code, retryable);

/** Whatever is wrong with a token, the client has to get another one; or the same later. */
function wordOf(words: Words, code: string, retryable: boolean): string {
  if (Object.hasOwn(words, code)) return words[code as SocketErrorCode];
  return retryable ? 'auth unavailable' : 'unauthorized';
}
