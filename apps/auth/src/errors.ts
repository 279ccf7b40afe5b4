/** What the issuer's use cases refuse, apart from bad tokens (TokenError) and absent state. */
export const AUTH_ERRORS = {
  not_signed_in: 'Sign in first: send your session cookie or an Authorization header this server knows.',
  internal_secret_unset: 'SFU internal secret not configured; set ROMM_SFU_INTERNAL_SECRET on this server.',
  internal_secret_wrong:
    'The x-romm-sfu-secret header is missing or wrong; it must equal ROMM_SFU_INTERNAL_SECRET here.',
  token_used: 'The write token was used before or has expired; ask for a new one.',
  room_not_found: 'There is no room of this name.',
  room_held_elsewhere: 'Another node hosts a room of this name; only that node may change its record.',
  key_not_found: 'There is no key with this kid; list them with: netplay-keys list.',
  key_withdrawn: 'This key has been withdrawn already.',
  too_many_keys: 'Too many keys are published; wait until older ones have expired, or withdraw one.',
  keys_unavailable: 'The signing keys cannot be read just now; try again shortly.',
  database_unavailable: 'The database is unavailable; nothing was changed. Try again shortly.',
  admin_key_unset: 'The admin API is off; set ADMIN_API_KEY on this server.',
  admin_key_wrong: 'The Authorization header must be: Bearer, and the ADMIN_API_KEY of this server.',
} as const satisfies Record<string, string>;

export type AuthErrorCode = keyof typeof AUTH_ERRORS;

export class AuthError extends Error {
  readonly code: AuthErrorCode;

  constructor(code: AuthErrorCode, options?: { cause?: unknown }) {
    super(AUTH_ERRORS[code], options);
    this.name = 'AuthError';
    this.code = code;
  }
}
