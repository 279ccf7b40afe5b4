import { z } from 'zod';
import { MAX_ADMITTED, MAX_CHAT_LENGTH, MAX_INPUT_DELAY, MAX_PLAYERS, MAX_SIGNAL_BYTES } from './limits.js';
import {
  boundedJson,
  gameId,
  type MemberExtra,
  memberExtra,
  memberExtraChanges,
  type RoomExtra,
  roomExtra,
  roomExtraChanges,
  sessionId,
} from './metadata.js';
import { MAX_ISSUER_LENGTH, readIssuer } from './issuer-record.js';
import { cleanText } from './names.js';
import { roomName } from './room-record.js';

/**
 * The requests of `netplay.v1` (docs/PROTOCOL.md). Unknown members are dropped, so that newer clients can
 * talk to older servers; known members are checked.
 */

const token = z
  .string()
  .min(1)
  .max(8 * 1024);
const clientId = z.string().min(1).max(64);

const playerId = z.string().min(1).max(64);
const resumeToken = z.string().min(1).max(64);
const password = z.string().min(1).max(128);
const maxPlayers = z.int().min(1).max(MAX_PLAYERS);
export const VISIBILITIES = ['private', 'local', 'federated'] as const;
const visibility = z.enum(VISIBILITIES);
/** Compared with the `iss` of tokens sign by sign, so one instance is written in one way only. */
const issuerUrl = z
  .string()
  .max(MAX_ISSUER_LENGTH)
  .transform((text, context) => {
    const reading = readIssuer(text, { allowHttp: true });
    if ('issuer' in reading) return reading.issuer;
    context.addIssue({ code: 'custom', message: reading.fault });
    return z.NEVER;
  });
/** Which other instances see a federated room; every trusted one where they are not named. */
const admits = z
  .array(issuerUrl)
  .min(1, 'must name an instance, or be left out')
  .max(MAX_ADMITTED)
  .readonly();
const slot = z
  .int()
  .min(0)
  .max(MAX_PLAYERS - 1);

/** A game of two years at 60 frames a second. */
const MAX_FRAME = 2 ** 32 - 1;

/** A write token; the node gets one itself for players who came with RomM's own session. */
const ticket = token.optional();

/** What one player tells others. */
const shownText = z
  .string()
  .max(4 * MAX_CHAT_LENGTH)
  .transform((text) => cleanText(text).trim())
  .pipe(z.string().max(MAX_CHAT_LENGTH));

/** Which room is meant: rooms of several games may have one name. */
const reference = {
  room_name: roomName,
  game_id: gameId.optional(),
  /** Of a room that stock EmulatorJS opened; it alone says which, then. */
  sessionid: sessionId.optional(),
};

export const REQUESTS = {
  hello: z.object({ token: token.optional() }),
  'open-room': z.object({
    room_name: roomName,
    max_players: maxPlayers.default(4),
    password: password.optional(),
    /** That of the node's configuration, where the client does not say. */
    visibility: visibility.optional(),
    admits: admits.optional(),
    allow_spectators: z.boolean().default(true),
    extra: roomExtra.default({}),
    token: ticket,
  }),
  'join-room': z.object({
    ...reference,
    password: z.string().max(128).optional(),
    spectator: z.boolean().default(false),
    /** Given where it is free, else the lowest free one. */
    slot: slot.optional(),
    extra: memberExtra.default({}),
    token: ticket,
  }),
  'resume-room': z.object({ ...reference, resume_token: resumeToken }),
  'leave-room': z.object({}),
  /** What the caller has, to be compared with what each room needs. */
  'list-rooms': z.object({
    rom_hash: z.string().max(128).optional(),
    core_type: z.string().max(64).optional(),
  }),
  'update-room': z.object({
    /** Null: no password any more. */
    password: password.nullable().optional(),
    max_players: maxPlayers.optional(),
    visibility: visibility.optional(),
    /** Null: every trusted instance. */
    admits: admits.nullable().optional(),
    locked: z.boolean().optional(),
    allow_spectators: z.boolean().optional(),
  }),
  'update-room-metadata': z.object({ metadata: roomExtraChanges }),
  'update-player-metadata': z.object({ metadata: memberExtraChanges }),
  'update-player-slot': z.object({
    /** Null: beside the slots. */
    slot: slot.nullable(),
    /** Another member, moved by the owner; the caller by default. */
    player_id: playerId.optional(),
  }),
  'transfer-ownership': z.object({ player_id: playerId }),
  'kick-player': z.object({ player_id: playerId, ban: z.boolean().default(false) }),
  'unban-player': z.object({ player_id: playerId }),
  'player-ready': z.object({}),
  'player-unready': z.object({}),
  'start-game': z.object({ delay: z.int().min(0).max(MAX_INPUT_DELAY).default(2) }),
  'ready-at-frame-1': z.object({ frame: z.int().min(0).max(MAX_FRAME).default(1) }),
  'netplay-host-paused': z.object({ text: shownText.optional() }),
  'netplay-host-resumed': z.object({}),
  'return-to-lobby': z.object({}),
  'chat-message': z.object({ message: shownText.pipe(z.string().min(1)) }),
  'data-message': z.object({ data: boundedJson(MAX_SIGNAL_BYTES) }),
  'webrtc-signal': z.object({ target: clientId, signal: boundedJson(MAX_SIGNAL_BYTES) }),
} as const;

export type RequestType = keyof typeof REQUESTS;
export type RequestData<T extends RequestType> = z.output<(typeof REQUESTS)[T]>;
export type RequestInput<T extends RequestType> = z.input<(typeof REQUESTS)[T]>;
export type Visibility = z.output<typeof visibility>;

/**
 * Whether what a player has fits the game of a room. Only `delay_sync` needs the game on every side; in rooms
 * of other modes everyone is `ready`.
 */
export type Compatibility = 'ready' | 'unverified' | 'mismatch' | 'missing';

/** `delay_sync` rooms begin in the lobby; others are `running` from the start. */
export type RoomPhase = 'lobby' | 'preparing' | 'running' | 'paused';

/** The envelope of every text frame a client sends. */
export const requestEnvelope = z.object({
  id: z.union([z.int(), z.string().min(1).max(64)]),
  type: z.string().min(1).max(64),
  data: z.unknown().default({}),
});
export type RequestId = z.output<typeof requestEnvelope>['id'];

/** One member as `users-updated` shows it. */
export interface RoomUser {
  /** Names this connection; the target of `webrtc-signal`. */
  readonly client_id: string;
  /**
   * Names the player across connections; derived from (issuer, sub) and reveals neither. A player of stock
   * EmulatorJS may have several places, each with a number behind it.
   */
  readonly player_id: string;
  /** Of a guest with the host of their instance: `Ada@games.example.org`. */
  readonly name: string;
  /** Issuer URL of the instance a guest is of; null for players of this one, whatever their name looks like. */
  readonly instance: string | null;
  /** 0 to max_players - 1; null for spectators. */
  readonly slot: number | null;
  readonly is_owner: boolean;
  /** False while the connection is lost and the slot is kept for a grace time (R4). */
  readonly connected: boolean;
  /** In the lobby: to start; while preparing: at the first frame. */
  readonly ready: boolean;
  readonly compatibility: Compatibility;
  readonly extra: MemberExtra;
}

/** What every player of a game must start with. */
export interface Launch {
  /** 0 to 2^32 - 1, random. */
  readonly seed: number;
  /** Frames between an input and its effect. */
  readonly delay: number;
  readonly start_frame: number;
}

export interface RoomInfo {
  /** Names this room and no later one of the same name. */
  readonly room_id: string;
  readonly room_name: string;
  readonly max_players: number;
  readonly has_password: boolean;
  readonly visibility: Visibility;
  /** Of a federated room: the other instances that see it; null for every trusted one. */
  readonly admits: readonly string[] | null;
  /** Nobody new gets in. */
  readonly locked: boolean;
  /** Whether anybody new may watch. */
  readonly allow_spectators: boolean;
  readonly phase: RoomPhase;
  /** Of the game that is being prepared, runs or is paused; null in the lobby and where there is none. */
  readonly launch: Launch | null;
  readonly extra: RoomExtra;
}

export interface RoomSnapshot extends RoomInfo {
  readonly users: readonly RoomUser[];
}

/** A record of the registry: what `extra` says of the game is among its members. */
export interface ListedRoom extends Omit<RoomExtra, 'sync_config'> {
  readonly room_name: string;
  readonly current: number;
  readonly max: number;
  readonly hasPassword: boolean;
  readonly nodeId: string;
  readonly url: string;
  readonly room_id?: string;
  /** Of the owner. Not told to guests. */
  readonly player_name?: string;
  readonly phase?: RoomPhase;
  readonly locked?: boolean;
  readonly allow_spectators?: boolean;
  readonly visibility?: Visibility;
  /** Not told to guests. */
  readonly admits?: readonly string[];
  /** For a caller who told what they have. */
  readonly compatibility?: Compatibility;
}

export interface ChatLine {
  readonly message_id: string;
  readonly client_id: string;
  readonly player_id: string;
  readonly name: string;
  readonly message: string;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
}

export interface BannedPlayer {
  readonly player_id: string;
  readonly name: string;
}

/** A place in a room. */
export interface Seat {
  readonly room: RoomSnapshot;
  /** 0 to max_players - 1; null for spectators. */
  readonly slot: number | null;
  /** One-time: takes the place again after a lost connection, from any socket of the same player. */
  readonly resume_token: string;
  /** What was said last, oldest first. */
  readonly chat: readonly ChatLine[];
}

type Empty = Record<string, never>;

/** What each request is answered with. */
export interface Replies {
  hello: { client_id: string; player_id: string; name: string; node_id: string; protocol: string };
  'open-room': Seat & { slot: number };
  'join-room': Seat;
  'resume-room': Seat;
  'leave-room': Empty;
  'list-rooms': { rooms: readonly ListedRoom[] };
  'update-room': { room: RoomInfo };
  'update-room-metadata': { room: RoomInfo };
  'update-player-metadata': { extra: MemberExtra; compatibility: Compatibility };
  'update-player-slot': { slot: number | null };
  'transfer-ownership': Empty;
  'kick-player': { bans: readonly BannedPlayer[] };
  'unban-player': { bans: readonly BannedPlayer[] };
  'player-ready': Empty;
  'player-unready': Empty;
  'start-game': Launch;
  'ready-at-frame-1': Empty;
  'netplay-host-paused': Empty;
  'netplay-host-resumed': Empty;
  'return-to-lobby': Empty;
  'chat-message': { message_id: string };
  'data-message': Empty;
  'webrtc-signal': Empty;
}

/** What the server tells without being asked. */
export interface Events {
  'users-updated': { room_name: string; users: readonly RoomUser[] };
  /** The last player left; whoever watched is out of the room. */
  'room-closed': { room_name: string };
  /**
   * The room is on another node: before a refusal `room_elsewhere`, and, with the next ticket of the place, to
   * every member of a room that moves.
   */
  'room-redirect': { room_name: string; url: string; nodeId: string; resume_token?: string };
  /** The owner changed the room. */
  'room-updated': RoomInfo;
  /** The owner put you out of the room; the socket stays open. */
  kicked: { room_name: string; banned: boolean };
  'lobby-state': { phase: RoomPhase; ready: readonly string[] };
  /** The owner started the game: load it, and report `ready-at-frame-1`. */
  'game-launch': Launch;
  /** Everyone who was waited for is ready. `start_time`: milliseconds since the epoch, by the node's clock. */
  'start-game': { frame: number; start_time: number };
  'netplay-host-paused': { text?: string };
  'netplay-host-resumed': Empty;
  'chat-message': ChatLine;
  'data-message': { client_id: string; data: unknown };
  'webrtc-signal': { client_id: string; signal: unknown };
  /** A binary frame of yours was refused; binary frames have no reply. */
  error: { code: string; message: string; retryable: boolean };
}
export type EventType = keyof Events;
