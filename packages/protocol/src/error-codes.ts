/**
 * What a request on the socket can be refused with. `message` says what to do; `retryable` says whether
 * the same request can succeed later without changing it (a new write token aside).
 */
export const SOCKET_ERRORS = {
  invalid_request: { retryable: false, message: 'The request is not valid; see the field named in it.' },
  unknown_type: { retryable: false, message: 'There is no request of this type in netplay.v1.' },
  already_authenticated: { retryable: false, message: 'This socket has said hello already.' },
  unauthorized: { retryable: false, message: 'Say hello with a read token first.' },
  not_signed_in: { retryable: false, message: 'Sign in to RomM first, or again; then reload the page.' },
  kiosk_visitor: {
    retryable: false,
    message: 'RomM shows you around as a visitor of its kiosk; sign in to RomM to play with others.',
  },
  account_disabled: { retryable: false, message: 'Your account is disabled; ask your administrator.' },
  identity_taken: {
    retryable: false,
    message: 'Another user of RomM is known here by your name; ask your administrator.',
  },
  romm_unavailable: {
    retryable: true,
    message: 'RomM does not answer just now, so nobody can tell who you are; try again shortly.',
  },
  token_used: { retryable: false, message: 'The write token was used before or has expired; get a new one.' },
  token_not_yours: {
    retryable: false,
    message: 'The write token belongs to another player, or to another connection, than this socket.',
  },
  unavailable: {
    retryable: true,
    message: 'This cannot be done just now; try again shortly, with a new write token if it took one.',
  },
  room_exists: { retryable: false, message: 'A room of this name exists; choose another name or join it.' },
  room_ambiguous: {
    retryable: false,
    message: 'Several rooms have this name; say the game_id, or the sessionid, of the one you mean.',
  },
  node_not_allowed: {
    retryable: false,
    message:
      'The room is on a server that players are not sent to; the administrator can list its URL in SFU_LEGACY_NODES.',
  },
  room_not_found: { retryable: false, message: 'There is no room of this name; refresh the list.' },
  room_elsewhere: {
    retryable: false,
    message: 'The room is on another node; connect to the url in its list entry.',
  },
  room_full: { retryable: true, message: 'Every slot of the room is taken; join as a spectator or wait.' },
  seats_full: {
    retryable: true,
    message: 'You have as many places in this room as one account may; leave with one of them first.',
  },
  no_spectators: { retryable: false, message: 'The owner lets nobody watch; join the room as a player.' },
  room_locked: {
    retryable: true,
    message: 'The owner has locked the room; only its members can come back.',
  },
  banned: { retryable: false, message: 'The owner has banned you from this room; find another.' },
  incompatible_game: {
    retryable: false,
    message: 'Your game or core is not that of the room; get the one it needs, or join as a spectator.',
  },
  rooms_full: {
    retryable: true,
    message: 'This node hosts as many rooms as it may, or as many of yours; try again or another node.',
  },
  wrong_password: { retryable: false, message: 'The room password is missing or wrong.' },
  too_many_attempts: {
    retryable: true,
    message: 'Too many passwords, or sessions that nobody knows, were tried from here; wait a minute.',
  },
  resume_refused: {
    retryable: false,
    message: 'Nobody keeps this place for you any more; join the room with a write token.',
  },
  already_in_room: {
    retryable: false,
    message: 'You are in a room already, on this socket or on another of yours; leave it there first.',
  },
  not_in_room: { retryable: false, message: 'Join the room first; only its members may do this.' },
  not_owner: { retryable: false, message: 'Only the owner of the room may do this; ask them.' },
  wrong_phase: {
    retryable: false,
    message: 'The game is not at the point where this can be done; see the phase in lobby-state.',
  },
  not_all_ready: {
    retryable: true,
    message: 'Every connected player has to be ready first; see ready in lobby-state.',
  },
  slot_taken: { retryable: true, message: 'Somebody has this slot; take a free one.' },
  invalid_slot: { retryable: false, message: 'The room has no such slot; see its max_players.' },
  last_player: {
    retryable: false,
    message: 'You are the only player; leave the room, or wait until somebody else has a slot.',
  },
  bans_full: { retryable: false, message: 'The room has as many bans as it may; lift one first.' },
  target_not_in_room: { retryable: false, message: 'The target is not a member of your room.' },
  spectator: { retryable: false, message: 'Spectators watch; take a slot first.' },
  bad_frame: {
    retryable: false,
    message: 'The first byte of a binary frame is its channel: 0 input, 1 snapshot, 2 data.',
  },
  node_draining: {
    retryable: true,
    message: 'This node is being emptied; try again shortly, or another node. Its rooms move by themselves.',
  },
  issuer_not_permitted: {
    retryable: false,
    message: 'Players of your instance may not do this at the one you visit; its administrator can allow it.',
  },
  banned_here: {
    retryable: false,
    message: 'You are banned from this whole instance; ask its administrator.',
  },
  guests_full: {
    retryable: true,
    message: 'Players of your instance take up as much here as they may; try again later.',
  },
  busy: {
    retryable: true,
    message: 'Too much is being asked at once, on this socket or of this node; wait a moment.',
  },
  internal: { retryable: true, message: 'Something failed here; try again.' },
} as const satisfies Record<string, { retryable: boolean; message: string }>;

export type SocketErrorCode = keyof typeof SOCKET_ERRORS;

export interface SocketErrorBody {
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
}
