import type { SocketErrorBody, SocketErrorCode } from '@romm-netplay/protocol/wire';

/** The words today's clients compare refusals with. Codes for tokens are none of these: see `wordOf`. */
type Words = Readonly<Record<SocketErrorCode, string>>;

const COMMON = {
  unknown_type: 'unknown event',
  already_authenticated: 'unauthorized',
  unauthorized: 'unauthorized',
  token_used: 'unauthorized',
  token_not_yours: 'unauthorized',
  unavailable: 'auth unavailable',
  rooms_full: 'too many rooms',
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
  busy: 'busy',
  internal: 'error',
} as const;

const SFU_WORDS = {
  ...COMMON,
  invalid_request: 'invalid',
  room_exists: 'room exists',
  room_not_found: 'no such room',
  room_elsewhere: 'no such room',
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
  room_elsewhere: 'Room not found',
  room_full: 'Room is full',
  incompatible_game: 'Incompatible game',
  wrong_password: 'Incorrect password',
  already_in_room: 'Already in a room',
  not_in_room: 'Not in a room',
  wrong_phase: 'Not possible now',
  target_not_in_room: 'Not in a room',
  spectator: 'Spectators only watch',
} as const satisfies Words;

/** Today's clients are told what kept them from joining, and whether they may watch instead. */
export const sfuRefusal = ({ code, message, retryable }: SocketErrorBody): unknown =>
  code === 'incompatible_game'
    ? { error: code, message, canJoinAsSpectator: true }
    : wordOf(SFU_WORDS, code, retryable);

export const stockRefusal = ({ code, retryable }: SocketErrorBody): unknown =>
  wordOf(STOCK_WORDS, code, retryable);

/** Whatever is wrong with a token, the client has to get another one; or the same later. */
function wordOf(words: Words, code: string, retryable: boolean): string {
  if (Object.hasOwn(words, code)) return words[code as SocketErrorCode];
  return retryable ? 'auth unavailable' : 'unauthorized';
}
