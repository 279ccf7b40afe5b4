/** Bounds of everything that crosses the wire. Sizes in bytes. */
export const MAX_HTTP_BODY_BYTES = 16 * 1024;
export const MAX_TEXT_FRAME_BYTES = 64 * 1024;
export const MAX_BINARY_FRAME_BYTES = 256 * 1024;

export const MAX_ROOM_NAME_LENGTH = 128;
export const MAX_PLAYER_NAME_LENGTH = 64;
export const MAX_PLAYERS = 16;
export const MAX_SPECTATORS = 32;
export const MAX_CHAT_LENGTH = 500;
/** Chat lines that a room remembers, and their size as JSON; whoever joins gets them all at once. */
export const MAX_CHAT_HISTORY = 100;
export const MAX_CHAT_HISTORY_BYTES = 64 * 1024;
export const MAX_BANS = 128;
/** Instances that a federated room names. */
export const MAX_ADMITTED = 50;
/** Frames between an input and its effect: a second at most. */
export const MAX_INPUT_DELAY = 60;
export const MAX_SYNC_CONFIG_BYTES = 2 * 1024;
/** JSON size of what one `webrtc-signal` carries; an SDP offer with many candidates is about 10 KB. */
export const MAX_SIGNAL_BYTES = 32 * 1024;
