import { HttpError, TooBusyError } from '@romm-netplay/service-kit';
import { StateUnavailableError } from '@romm-netplay/shared-state';
import { TokenError } from '@romm-netplay/token-core';
import { AuthError, type AuthErrorCode } from '../errors.js';

const STATUS: Record<AuthErrorCode, number> = {
  not_signed_in: 403,
  wrong_credentials: 401,
  too_many_attempts: 429,
  session_ended: 401,
  session_not_found: 404,
  access_token_missing: 401,
  origin_refused: 403,
  kiosk_visitor: 403,
  romm_off: 409,
  account_disabled: 403,
  identity_unavailable: 503,
  identity_taken: 403,
  identity_not_held: 404,
  no_password_here: 404,
  local_accounts_off: 404,
  username_taken: 409,
  user_not_found: 404,
  last_admin: 409,
  setup_code_refused: 401,
  internal_secret_unset: 503,
  internal_secret_wrong: 401,
  token_used: 401,
  room_not_found: 404,
  room_held_elsewhere: 409,
  node_held_elsewhere: 409,
  node_not_yours: 403,
  too_many_nodes: 409,
  issuer_not_found: 404,
  issuer_exists: 409,
  own_issuer: 409,
  too_many_issuers: 409,
  issuer_state_refused: 409,
  issuer_key_unusable: 400,
  issuer_certificate_unusable: 400,
  thumbprints_not_confirmed: 409,
  peer_unreachable: 502,
  peer_answer_invalid: 502,
  peer_is_another: 502,
  peer_url_refused: 400,
  caller_unreachable: 502,
  invitation_unreadable: 400,
  invitation_refused: 403,
  invitation_expired: 410,
  invitation_used: 409,
  peer_not_ready: 503,
  invitation_not_taken: 409,
  invitation_not_found: 404,
  too_many_invitations: 409,
  peer_not_permitted: 403,
  audience_not_registered: 403,
  visits_off: 403,
  consent_required: 403,
  instance_not_found: 404,
  consent_not_found: 404,
  too_many_consents: 429,
  too_many_ended: 429,
  too_many_calls: 429,
  assertion_missing: 401,
  assertion_used: 401,
  peer_not_active: 403,
  precondition_required: 428,
  precondition_failed: 412,
  key_not_found: 404,
  key_withdrawn: 409,
  too_many_keys: 409,
  keys_unavailable: 503,
  database_unavailable: 503,
  admin_key_unset: 503,
  admin_key_wrong: 401,
};

/** Of things that are waiting their turn; most are through within it. */
const BUSY = { retryAfterSeconds: 1 };

export function translateError(error: unknown): HttpError | undefined {
  if (error instanceof TooBusyError) {
    return new HttpError(503, 'busy', 'Too much is being asked at once; try again in a moment.', BUSY);
  }
  if (error instanceof AuthError) {
    const { code, message, retryAfterSeconds } = error;
    return new HttpError(STATUS[code], code, message, { cause: error, retryAfterSeconds });
  }
  if (error instanceof TokenError) {
    const status = error.code === 'keys_unavailable' ? 503 : 401;
    return new HttpError(status, error.code, error.message, { cause: error });
  }
  if (error instanceof StateUnavailableError) {
    return new HttpError(503, error.code, error.message, { cause: error });
  }
  return undefined;
}
