/**
 * What a request on the socket can be refused with. `message` says what to do; `retryable` says whether
 * the same request can succeed later without changing it (a new write token aside).
 */
export const SOCKET_ERRORS = {
  invalid_request: { retryable: false, message: 'The request is not valid; see the field named in it.' },
  unknown_type: { retryable: false, message: 'There is no request of this type in netplay.v1.' },
  already_authenticated: { retryable: false, message: 'This socket has said hello already.' },
  unauthorized: { retryable: false, message: 'Say hello with a read token first.' },
  token_used: { retryable: false, message: 'The write token was used before or has expired; get a new one.' },
  token_not_yours: {
    retryable: false,
    message: 'The write token belongs to another player than the one who said hello on this socket.',
  },
  unavailable: {
    retryable: true,
    message: 'This cannot be done just now; try again shortly, with a new write token if it took one.',
  },
  room_exists: { retryable: false, message: 'A room of this name exists; choose another name or join it.' },
  room_not_found: { retryable: false, message: 'There is no room of this name; refresh the list.' },
  room_elsewhere: {
    retryable: false,
    message: 'The room is on another node; connect to the url in its list entry.',
  },
  room_full: { retryable: true, message: 'Every slot of the room is taken; join as a spectator or wait.' },
  rooms_full: {
    retryable: true,
    message: 'This node hosts as many rooms as it may, or as many of yours; try again or another node.',
  },
  wrong_password: { retryable: false, message: 'The room password is missing or wrong.' },
  too_many_attempts: { retryable: true, message: 'Too many wrong passwords; wait a minute.' },
  resume_refused: {
    retryable: false,
    message: 'Nobody keeps this place for you any more; join the room with a write token.',
  },
  already_in_room: {
    retryable: false,
    message: 'You are in a room already, on this socket or on another of yours; leave it there first.',
  },
  not_in_room: { retryable: false, message: 'Join the room first; only its members may do this.' },
  target_not_in_room: { retryable: false, message: 'The target is not a member of your room.' },
  spectator: { retryable: false, message: 'Spectators watch; join with a slot to send input.' },
  bad_frame: {
    retryable: false,
    message: 'The first byte of a binary frame is its channel: 0 input, 1 snapshot, 2 data.',
  },
  busy: { retryable: true, message: 'Too many requests are waiting on this socket; wait for the replies.' },
  internal: { retryable: true, message: 'Something failed here; try again.' },
} as const satisfies Record<string, { retryable: boolean; message: string }>;

export type SocketErrorCode = keyof typeof SOCKET_ERRORS;

export interface SocketErrorBody {
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
}
