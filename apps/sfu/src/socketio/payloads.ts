import { cleanName, VISIBILITIES } from '@romm-netplay/protocol';
import { MAX_PLAYERS } from '@romm-netplay/protocol/wire';
import { z } from 'zod';

/**
 * What today's clients send. They fill optional members with null, numbers as text and whatever they have:
 * a member that does not fit counts as absent, and what a room cannot do without is checked by its use case.
 */
const lenient = <T extends z.ZodType>(schema: T) => schema.optional().catch(undefined);
const text = (max: number) => lenient(z.string().min(1).max(max));
const token = text(8 * 1024);
/** Compared with names, which are clean. */
const name = lenient(z.string().max(512).transform(cleanName).pipe(z.string().min(1)));

const gameFields = {
  game_id: lenient(z.union([z.string().min(1).max(255), z.int()])),
  rom_hash: text(128),
  romHash: text(128),
  rom_name: text(255),
  romFilename: text(255),
  core_type: text(64),
  coreId: text(64),
  core_version: text(64),
  coreVersion: text(64),
  system: text(64),
  systemType: text(64),
  platform: text(64),
  netplay_mode: lenient(z.union([z.int(), z.string().max(32)])),
  sync_config: z.unknown().optional(),
};

export const metadata = z.object(gameFields).catch({});
export type LegacyMetadata = z.output<typeof metadata>;

const extra = z
  .object({
    ...gameFields,
    room_name: name,
    sessionid: text(128),
    userid: text(64),
    playerId: text(64),
    room_password: text(512),
    player_slot: lenient(z.int()),
    is_spectator: lenient(z.boolean()),
    spectator_mode: z.unknown().optional(),
    allow_spectators: z.unknown().optional(),
    input_mode: z.unknown().optional(),
    visibility: lenient(z.enum(VISIBILITIES)),
    token,
  })
  .catch({});
export type LegacyExtra = z.output<typeof extra>;

const DEFAULT_PLAYERS = 4;
const players = lenient(z.coerce.number().int().min(1).max(MAX_PLAYERS));

/** Of `open-room` and `join-room`. */
export const entry = z
  .object({
    extra: extra.default({}),
    maxPlayers: players,
    /** What `create-room` calls it. */
    max_players: players,
    password: text(512),
    token,
  })
  .catch({ extra: {} })
  .transform(({ maxPlayers, max_players: other, ...rest }) => ({
    ...rest,
    maxPlayers: maxPlayers ?? other ?? DEFAULT_PLAYERS,
  }));
export type LegacyEntry = z.output<typeof entry>;

/** Of the events that name the room they mean. */
export const inRoom = z
  .object({
    roomName: name,
    playerSlot: z.unknown().optional(),
    frame: lenient(z.int()),
    delay: lenient(z.int()),
    text: text(500),
    metadata: metadata.default({}),
    romHash: text(128),
    emulatorId: text(64),
    emulatorVersion: text(64),
  })
  .catch({ metadata: {} });
export type LegacyInRoom = z.output<typeof inRoom>;

export const signal = z
  .object({
    target: text(64),
    offer: z.unknown().optional(),
    answer: z.unknown().optional(),
    candidate: z.unknown().optional(),
    requestRenegotiate: z.unknown().optional(),
    reason: z.unknown().optional(),
  })
  .catch({});

export const chat = z.object({ message: z.unknown() }).catch({ message: undefined });
