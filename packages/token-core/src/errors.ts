/**
 * Why a token was refused. One code per reason, so that a client, an operator and the audit log all see
 * what was wrong without seeing the token.
 */
export const TOKEN_ERRORS = {
  token_too_large: 'The token is larger than 8 KB.',
  token_malformed: 'The token is not three base64url parts joined by dots (JWS compact form).',
  token_json_serialization: 'The token is in JWS JSON form; send the compact form.',
  token_encoding: 'The token is not canonical base64url (padding, wrong alphabet or stray bits).',
  token_header_invalid: 'The token header is not a JSON object with string members.',
  token_payload_invalid: 'The token payload is not a JSON object.',
  token_typ: 'The token header does not say the typ that is needed here (players: "JWT").',
  token_crit: 'The token header asks for an extension (crit); none is supported.',
  token_embedded_key:
    'The token header brings its own key (jwk, jku, x5c, x5u); keys come from the issuer only.',
  token_alg_none: 'The token is not signed.',
  token_kid_missing: 'The token header names no key (kid).',
  token_issuer_untrusted:
    'The token comes from an issuer that is not trusted here; check AUTH_ISSUER on both sides, or whether that instance is active here.',
  token_key_unknown: 'The issuer publishes no key with the kid this token names; ask for a new token.',
  token_alg_mismatch: 'The algorithm in the token header is not the one of its key.',
  token_signature: 'The signature does not match; the token was altered or signed by someone else.',
  token_audience: 'The token was minted for another instance.',
  token_expired: 'The token has expired; ask for a new one.',
  token_not_yet_valid: 'The token is not valid yet; check the clocks.',
  token_issued_in_future: 'The token was issued in the future; check the clocks.',
  token_exp_missing: 'The token has no expiry.',
  token_iat_missing: 'The token does not say when it was issued.',
  token_time_invalid: 'A time in the token is not a whole number of seconds.',
  token_subject_missing: 'The token names no subject.',
  token_socket_invalid: 'The connection that the token is bound to is not named by a string.',
  token_name_invalid: 'The netplay name in the token is not a short string.',
  token_type:
    'The token is of the wrong type for this use; a read token lists, a write token opens or joins.',
  token_jti_missing: 'The write token has no one-time id (jti of 32 hex digits).',
  token_session_missing: 'The token names no session (sid), or one that is no short string.',
  token_lifetime: 'The token of another instance is valid for longer than tokens of its type may be.',
  token_role_invalid: 'The access token names no role.',
  token_revoked: 'The session this token belongs to has ended; sign in again.',
  keys_unavailable: "The issuer's keys could not be fetched; try again shortly.",
} as const satisfies Record<string, string>;

export type TokenErrorCode = keyof typeof TOKEN_ERRORS;

/**
 * A token that was refused, or could not be judged (`keys_unavailable`, the only retryable code).
 * Never holds any part of the token.
 */
export class TokenError extends Error {
  readonly code: TokenErrorCode;

  constructor(code: TokenErrorCode, options?: { cause?: unknown }) {
    super(TOKEN_ERRORS[code], options);
    this.name = 'TokenError';
    this.code = code;
  }
}
