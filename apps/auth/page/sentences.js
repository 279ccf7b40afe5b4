/**
 * What went wrong, and what a player can do about it. Servers and the client say it for programs and
 * administrators; the codes are in docs/CLIENT.md, PROTOCOL.md and TOKENS.md.
 */
const NO_ANSWER = 'The game server does not answer; try again shortly.';
const NOT_NOW = 'The server cannot do this just now; try again shortly.';
const TOO_FAST = 'That was too much at once; wait a moment, then try again.';
const UNKNOWN_INSTANCE = 'That instance is not known here any more; refresh the list.';
const NOT_LED_THERE = 'The room is on a server that this page does not go to; tell whoever runs this server.';
const SIGNED_OUT = 'You are not signed in any more; sign in again.';

const SENTENCES = {
  // The line
  unreachable: 'The server does not answer; check your connection, and try again shortly.',
  timeout: 'The server took too long to answer; check your connection, and try again shortly.',
  connection_closed: NO_ANSWER,
  reconnecting: 'The line is down just now; wait until it is back.',
  reconnect_failed: 'The line did not come back in time; join the room again.',
  no_web_socket: 'This browser is too old to play here; use a newer one.',
  bad_response:
    'Something else answers in place of the server; reload the page, and if that does not help, tell whoever runs it.',
  redirect_refused: NOT_LED_THERE,
  too_many_redirects: NOT_LED_THERE,
  node_not_allowed: NOT_LED_THERE,
  // Who you are
  not_signed_in: 'You are not signed in; sign in first.',
  session_ended: SIGNED_OUT,
  token_revoked: SIGNED_OUT,
  access_token_missing: SIGNED_OUT,
  wrong_credentials: 'The name or the password is wrong; try again.',
  too_many_attempts: 'There were too many wrong tries; wait a while, then try again.',
  kiosk_visitor: 'RomM shows you around as a visitor; sign in to RomM with an account, and come back.',
  account_disabled: 'Your account is disabled; ask whoever runs this server.',
  identity_taken: 'Somebody else is known here by your name; ask whoever runs this server.',
  identity_unavailable: 'RomM does not answer just now; try again shortly.',
  romm_unavailable: 'RomM does not answer just now; try again shortly.',
  origin_refused: 'You cannot sign in at this address; open the page at the address it usually has.',
  local_accounts_off: 'This server has no accounts of its own; reload the page, and sign in another way.',
  romm_off: 'This server does not ask RomM who you are; reload the page, and sign in another way.',
  token_not_yet_valid: 'The clocks of the servers differ; tell whoever runs this server.',
  token_issued_in_future: 'The clocks of the servers differ; tell whoever runs this server.',
  token_used: 'That took too long; try again.',
  // Rooms
  invalid_request: 'That is not accepted; change the name or what else you filled in, and try again.',
  room_exists: 'There is a room of this name; choose another name, or join it.',
  room_ambiguous: 'Several rooms have this name; refresh the list, and choose again.',
  room_not_found: 'The room is gone; refresh the list.',
  room_elsewhere: 'The room has moved; refresh the list, and join it again.',
  room_full: 'The room is full; wait until somebody leaves, or join another.',
  seats_full: 'You are in this room already, perhaps in another tab; leave it there first.',
  already_in_room: 'You are in a room already, perhaps in another tab; leave it there first.',
  no_spectators: 'The host lets nobody watch this room; wait until somebody leaves, or join another.',
  room_locked: 'The host has locked the room; ask them to open it, or join another.',
  banned: 'The host has banned you from this room; join another.',
  incompatible_game: 'This room is for a certain game; start that game in RomM, and join from there.',
  rooms_full: 'There are as many rooms as there may be; join one, or try again later.',
  wrong_password: 'The password of the room is wrong; ask its host for it.',
  node_draining: 'The game server is about to restart; try again shortly.',
  // In a room
  taken_over: 'Your place went to another tab or device of yours; go on there, or join again here.',
  room_closed: 'The room is over, because its host or its last player left; join another, or open one.',
  kicked: 'The host put you out of the room; join another, or open one.',
  left: '',
  not_in_room: 'You are not in the room any more; join it again.',
  spectator: 'You only watch here; to play, leave the room and join it again when it has a free place.',
  // Too much, too soon, or not now
  busy: TOO_FAST,
  internal: 'Something failed on the server; try again.',
  unavailable: NOT_NOW,
  keys_unavailable: NOT_NOW,
  database_unavailable: NOT_NOW,
  // Other instances
  consent_required: 'You have not agreed to be known there; join again to be asked.',
  visits_off: 'The administrator here lets nobody play there; ask them, or play here.',
  audience_not_registered: UNKNOWN_INSTANCE,
  instance_not_found: UNKNOWN_INSTANCE,
  consent_not_found: UNKNOWN_INSTANCE,
  instance_unknown: 'The other instance does not answer just now; try again later.',
  issuer_not_permitted: 'Players from here may not do this there; ask whoever runs the other instance.',
  banned_here: 'You are banned there; ask whoever runs that server.',
  guests_full: 'As many players from here are there as may be; try again later.',
  visit_ended: 'Your visit to the other instance was ended; join again if you want to go on.',
  not_admitted: 'The other instance does not admit you any more; ask whoever runs it.',
  too_many_consents: 'You agreed and took it back too often; wait a while, then try again.',
};

/** In one sentence. `error` may be anything that was thrown. */
export function sentenceOf(error) {
  const { code, status, closeCode, retryable, retryAfterMs } = error;
  if (retryAfterMs >= 1_000 && (status === 429 || code === 'too_many_attempts')) {
    return `There were too many tries; try again in ${durationOf(retryAfterMs)}.`;
  }
  // A code of our own, or of a server that has spoken before it hung up.
  if (code === 'connection_closed' && closeCode >= 4_000 && !retryable) {
    return 'The game server ended the connection; join the room again.';
  }
  const known = Object.hasOwn(SENTENCES, code) ? SENTENCES[code] : undefined;
  if (known !== undefined) return known;
  if (status === 429) return TOO_FAST;
  if (status >= 500 || retryable) return NOT_NOW;
  return `That did not work; reload the page and try again, and if it fails again, tell whoever runs this server: ${code ?? String(error)}.`;
}

function durationOf(ms) {
  const seconds = Math.ceil(ms / 1_000);
  if (seconds < 90) return `${seconds} seconds`;
  return `${Math.ceil(seconds / 60)} minutes`;
}
