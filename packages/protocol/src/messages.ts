import { z } from 'zod';
import { MAX_CHAT_LENGTH, MAX_PLAYERS, MAX_SIGNAL_BYTES } from './limits.js';
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

/** What a room's opener tells about the game; only these members are kept and shown. */
const roomExtra = z.object({
  game_id: z.union([z.string().max(255), z.int()]).optional(),
  rom_hash: z.string().max(128).optional(),
  rom_name: z.string().max(255).optional(),
  core_type: z.string().max(64).optional(),
  system: z.string().max(64).optional(),
  netplay_mode: z.enum(['live_stream', 'delay_sync', 'arcade']).optional(),
});

/** What a member tells of themselves; never mixed with what the server says of them. */
const memberExtra = z.object({
  rom_hash: z.string().max(128).optional(),
  core_type: z.string().max(64).optional(),
});

/** Required JSON of any shape: its encoded size is what costs. */
const boundedJson = (maxBytes: number) =>
  z
    .unknown()
    .refine((value) => value !== undefined, { message: 'is required', abort: true })
    .refine((value) => Buffer.byteLength(JSON.stringify(value)) <= maxBytes, {
      message: `must not be larger than ${maxBytes} bytes as JSON`,
    });

export const REQUESTS = {
  hello: z.object({ token: token.optional() }),
  'open-room': z.object({
    room_name: roomName,
    max_players: z.int().min(1).max(MAX_PLAYERS).default(4),
    password: z.string().min(1).max(128).optional(),
    visibility: z.enum(['private', 'local']).default('local'),
    extra: roomExtra.default({}),
    token,
  }),
  'join-room': z.object({
    room_name: roomName,
    password: z.string().max(128).optional(),
    spectator: z.boolean().default(false),
    extra: memberExtra.default({}),
    token,
  }),
  'resume-room': z.object({ room_name: roomName, resume_token: z.string().min(1).max(64) }),
  'leave-room': z.object({}),
  'list-rooms': z.object({}),
  'chat-message': z.object({ message: z.string().trim().min(1).max(MAX_CHAT_LENGTH) }),
  'data-message': z.object({ data: boundedJson(MAX_SIGNAL_BYTES) }),
  'webrtc-signal': z.object({ target: clientId, signal: boundedJson(MAX_SIGNAL_BYTES) }),
} as const;

export type RequestType = keyof typeof REQUESTS;
export type RequestData<T extends RequestType> = z.output<(typeof REQUESTS)[T]>;
export type RequestInput<T extends RequestType> = z.input<(typeof REQUESTS)[T]>;
export type RoomExtra = z.output<typeof roomExtra>;
export type MemberExtra = z.output<typeof memberExtra>;
export type Visibility = RequestData<'open-room'>['visibility'];

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
  /** Names the player across connections; derived from (issuer, sub) and reveals neither. */
  readonly player_id: string;
  readonly name: string;
  /** 0 to max_players - 1; null for spectators. */
  readonly slot: number | null;
  readonly is_owner: boolean;
  /** False while the connection is lost and the slot is kept for a grace time (R4). */
  readonly connected: boolean;
  readonly extra: MemberExtra;
}

export interface RoomSnapshot {
  readonly room_name: string;
  readonly max_players: number;
  readonly has_password: boolean;
  readonly visibility: Visibility;
  readonly extra: RoomExtra;
  readonly users: readonly RoomUser[];
}

export interface ListedRoom {
  readonly room_name: string;
  readonly current: number;
  readonly max: number;
  readonly hasPassword: boolean;
  readonly nodeId: string;
  readonly url: string;
}

/** A place in a room. */
export interface Seat {
  readonly room: RoomSnapshot;
  /** 0 to max_players - 1; null for spectators. */
  readonly slot: number | null;
  /** One-time: takes the place again after a lost connection, from any socket of the same player. */
  readonly resume_token: string;
}

/** What each request is answered with. */
export interface Replies {
  hello: { client_id: string; player_id: string; name: string; node_id: string; protocol: string };
  'open-room': Seat & { slot: number };
  'join-room': Seat;
  'resume-room': Seat;
  'leave-room': Record<string, never>;
  'list-rooms': { rooms: readonly ListedRoom[] };
  'chat-message': { message_id: string };
  'data-message': Record<string, never>;
  'webrtc-signal': Record<string, never>;
}

/** What the server tells without being asked. */
export interface Events {
  'users-updated': { room_name: string; users: readonly RoomUser[] };
  /** The last player left; whoever watched is out of the room. */
  'room-closed': { room_name: string };
  'chat-message': { message_id: string; client_id: string; name: string; message: string; timestamp: number };
  'data-message': { client_id: string; data: unknown };
  'webrtc-signal': { client_id: string; signal: unknown };
  /** A binary frame of yours was refused; binary frames have no reply. */
  error: { code: string; message: string; retryable: boolean };
}
export type EventType = keyof Events;
