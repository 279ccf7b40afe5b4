/** What the issuer's use cases refuse, apart from bad tokens (TokenError) and absent state. */
export const AUTH_ERRORS = {
  not_signed_in: 'Sign in first: send your session cookie or an Authorization header this server knows.',
  wrong_credentials: 'Username or password is wrong.',
  too_many_attempts: 'Too many wrong tries; wait a while and try again.',
  session_ended: 'You are not signed in any more; sign in again.',
  session_not_found: 'You have no such session; list yours with GET /api/auth/sessions.',
  access_token_missing: 'Send an access token as Authorization: Bearer; POST /api/auth/refresh gives one.',
  origin_refused: 'Pages of this origin may not use your cookies here; add the origin to ALLOWED_ORIGINS.',
  kiosk_visitor: 'RomM shows you around as a visitor of its kiosk; sign in to RomM to play with others.',
  romm_off: 'This server does not ask RomM who somebody is; add "romm" to its IDENTITY_PROVIDERS.',
  account_disabled: 'This account is disabled; ask your administrator.',
  identity_unavailable:
    'RomM does not answer as it should, so nobody can tell who you are; try again shortly.',
  identity_taken:
    'Another user of RomM holds this netplay identity; change your netplay id or ask your administrator.',
  identity_not_held: 'Nobody holds this netplay identity.',
  no_password_here: 'You sign in elsewhere; there is no password here to change.',
  local_accounts_off: 'This server keeps no accounts; add "local" to IDENTITY_PROVIDERS.',
  username_taken: 'There is an account of this name; choose another.',
  user_not_found: 'There is no account of this name; list them with: netplay-users list.',
  last_admin: 'This is the last enabled administrator; make another one first.',
  setup_code_refused: 'The code is wrong, used or expired, or there is an administrator already.',
  internal_secret_unset: 'SFU internal secret not configured; set ROMM_SFU_INTERNAL_SECRET on this server.',
  internal_secret_wrong:
    'The x-romm-sfu-secret header is missing or wrong; it must equal ROMM_SFU_INTERNAL_SECRET here.',
  token_used: 'The write token was used before or has expired; ask for a new one.',
  room_not_found: 'There is no room of this name.',
  room_held_elsewhere: 'Another node hosts a room of this name; only that node may change its record.',
  node_held_elsewhere: 'A node of another URL has this id; give each node a NODE_ID of its own.',
  node_not_yours: 'This secret is not for the node that you name; see ROMM_SFU_INTERNAL_SECRETS.',
  too_many_nodes: 'There are as many SFU nodes as there may be; wait until stopped ones are forgotten.',
  issuer_not_found: 'No issuer with this id is registered; list them with GET /api/admin/issuers.',
  issuer_exists: 'This instance is registered already; change its entry, or remove it first.',
  own_issuer: 'This is the URL of this instance itself, which needs no registration.',
  too_many_issuers: 'There are as many issuers as there may be; remove one that is not needed any more.',
  issuer_state_refused:
    'A pending issuer can only become active, an active one suspended, and a suspended one active.',
  issuer_key_unusable:
    'A pinned key cannot be used: give the public RSA keys (2048 to 8192 bits) or P-256 keys of its JWKS.',
  issuer_certificate_unusable: 'The ca_certificate cannot be read; give X.509 certificates as PEM.',
  thumbprints_not_confirmed:
    'Send the thumbprints of all keys that it publishes, and no others, as confirmed_thumbprints. Compare them with its administrator first: GET /api/admin/issuers/:id/keys shows them.',
  peer_unreachable: 'The other instance could not be asked.',
  peer_answer_invalid:
    'What answers at the URL of the other instance is not netplay auth, or publishes no usable key; check the URL, and that auth runs behind it.',
  peer_is_another:
    'The instance at this URL goes by another issuer URL; its administrator has to check AUTH_ISSUER.',
  peer_url_refused: 'The URL of the instance cannot be registered.',
  caller_unreachable:
    'Your instance could not be asked for its keys; a new invitation may have to allow more.',
  invitation_unreadable:
    'This is no invitation; paste all of the line, as in https://games.example.org#netplay-invitation=…',
  invitation_refused:
    'The invitation is unknown, withdrawn or locked, or its secret is wrong; ask for a new one.',
  invitation_expired: 'The invitation has expired; ask for a new one.',
  invitation_used: 'The invitation has been used already; ask for a new one.',
  peer_not_ready: 'The other instance cannot do this just now; try again in some seconds.',
  invitation_not_taken: 'The other instance did not take the invitation.',
  invitation_not_found: 'There is no such invitation; list them with GET /api/admin/federation/invitations.',
  too_many_invitations: 'There are as many open invitations as there may be; withdraw one, or wait.',
  peer_not_permitted:
    'Your instance is registered here, but its permissions do not go as far; ask the administrator.',
  audience_not_registered:
    'The audience is no instance that is registered and active here; GET /api/federation/instances lists them.',
  visits_off: 'The administrator here lets no players go to this instance.',
  consent_required:
    'You have not agreed to be known to this instance; agree with POST /api/federation/consents first.',
  instance_not_found:
    'No such instance is registered and active here; GET /api/federation/instances lists them.',
  consent_not_found:
    'You have not agreed to be known to this instance; GET /api/federation/instances says to which you have.',
  too_many_consents: 'You agreed to this instance and took it back too often; wait a while.',
  too_many_calls: 'Your instance asks for this too often; wait a moment.',
  too_many_ended: 'Your instance has ended more players here than it may within an hour; wait a while.',
  assertion_missing: 'Send an assertion that your instance signed for this one, as Authorization: Bearer.',
  assertion_used: 'The assertion was shown before; sign a new one for every call.',
  peer_not_active:
    'Your instance is not registered here, or not active; the administrators of both have to agree.',
  precondition_required: 'Send If-Match with the ETag of the issuer as you read it.',
  precondition_failed:
    'Somebody has changed this issuer since you read it; read it again and repeat your change.',
  key_not_found: 'There is no key with this kid; list them with: netplay-keys list.',
  key_withdrawn: 'This key has been withdrawn already.',
  too_many_keys: 'Too many keys are published; wait until older ones have expired, or withdraw one.',
  keys_unavailable: 'The signing keys cannot be read just now; try again shortly.',
  database_unavailable: 'The database is unavailable; nothing was changed. Try again shortly.',
  admin_key_unset: 'The admin API is off; set ADMIN_API_KEY on this server, or sign in as an administrator.',
  admin_key_wrong:
    'The Authorization header must be: Bearer, and the ADMIN_API_KEY of this server or the access token of an administrator.',
} as const satisfies Record<string, string>;

export type AuthErrorCode = keyof typeof AUTH_ERRORS;

interface AuthErrorOptions {
  readonly cause?: unknown;
  readonly retryAfterSeconds?: number;
  /** One more sentence, for what is not known before. */
  readonly because?: string;
}

export class AuthError extends Error {
  readonly code: AuthErrorCode;
  /** When the same request may be tried again, where that is known. */
  readonly retryAfterSeconds: number | undefined;

  constructor(code: AuthErrorCode, { retryAfterSeconds, because, ...options }: AuthErrorOptions = {}) {
    super([AUTH_ERRORS[code], because ?? []].flat().join(' '), options);
    this.name = 'AuthError';
    this.code = code;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}
