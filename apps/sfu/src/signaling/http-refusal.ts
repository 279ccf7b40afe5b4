import type { SocketErrorCode } from '@romm-netplay/protocol/wire';
import { HttpError } from '@romm-netplay/service-kit';
import { StateUnavailableError } from '@romm-netplay/shared-state';
import { TokenError } from '@romm-netplay/token-core';
import { SocketError } from '../errors.js';

const STATUS: Readonly<Record<SocketErrorCode, number>> = {
  invalid_request: 400,
  unknown_type: 404,
  already_authenticated: 409,
  unauthorized: 401,
  not_signed_in: 401,
  kiosk_visitor: 403,
  account_disabled: 403,
  identity_taken: 403,
  romm_unavailable: 503,
  token_used: 401,
  token_not_yours: 401,
  unavailable: 503,
  room_exists: 409,
  room_not_found: 404,
  room_elsewhere: 404,
  room_ambiguous: 409,
  node_not_allowed: 409,
  seats_full: 409,
  room_full: 409,
  no_spectators: 403,
  room_locked: 403,
  banned: 403,
  incompatible_game: 409,
  rooms_full: 409,
  wrong_password: 403,
  too_many_attempts: 429,
  resume_refused: 403,
  already_in_room: 409,
  not_in_room: 403,
  not_owner: 403,
  wrong_phase: 409,
  not_all_ready: 409,
  slot_taken: 409,
  invalid_slot: 400,
  last_player: 409,
  bans_full: 409,
  target_not_in_room: 403,
  spectator: 403,
  bad_frame: 400,
  node_draining: 503,
  issuer_not_permitted: 403,
  banned_here: 403,
  guests_full: 429,
  busy: 503,
  internal: 500,
};

/** The refusals of the use cases that HTTP shares with the socket. */
export function translateError(error: unknown): HttpError | undefined {
  if (error instanceof TokenError) {
    const status = error.code === 'keys_unavailable' ? 503 : 401;
    return new HttpError(status, error.code, error.message, { cause: error });
  }
  if (error instanceof StateUnavailableError) {
    return new HttpError(503, error.code, error.message, { cause: error });
  }
  if (error instanceof SocketError) {
    return new HttpError(STATUS[error.code], error.code, error.message, { cause: error });
  }
  return undefined;
}
