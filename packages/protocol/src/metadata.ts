import { z } from 'zod';
import { MAX_SYNC_CONFIG_BYTES } from './limits.js';

/** Bytes of a value as JSON; Infinity for one that is nested too deeply to be written. */
function jsonBytes(value: unknown): number {
  try {
    return Buffer.byteLength(JSON.stringify(value));
  } catch {
    return Infinity;
  }
}

/** JSON of any shape: its encoded size is what costs. */
export const boundedJson = (maxBytes: number) =>
  z
    .unknown()
    .refine((value) => value !== undefined, { message: 'is required', abort: true })
    .refine((value) => jsonBytes(value) <= maxBytes, {
      message: `must not be larger than ${maxBytes} bytes as JSON`,
    });

const NETPLAY_MODES = ['live_stream', 'delay_sync', 'arcade'] as const;

/** What compatibility is judged by. */
const gameFields = {
  rom_hash: z.string().max(128).optional(),
  rom_name: z.string().max(255).optional(),
  core_type: z.string().max(64).optional(),
  core_version: z.string().max(64).optional(),
};

export const gameId = z.union([z.string().max(255), z.int()]);
/** How keys of rooms begin that go by their name; lists have them beside session ids. */
export const NAMED = 'name:';
/** How stock EmulatorJS clients, who open rooms under random ids, know the room. */
export const sessionId = z
  .string()
  .min(1)
  .max(128)
  .refine((id) => !id.startsWith(NAMED), `must not begin with "${NAMED}"`);

const roomFields = {
  ...gameFields,
  game_id: gameId.optional(),
  system: z.string().max(64).optional(),
  platform: z.string().max(64).optional(),
  /** Settings that every player of a `delay_sync` game must share. */
  sync_config: boundedJson(MAX_SYNC_CONFIG_BYTES).optional(),
};

const memberFields = {
  ...gameFields,
  /** False: the player knows that they have no such game. */
  has_game: z.boolean().optional(),
};

/** What a room's owner tells about the game; only these members are kept and shown. */
export const roomExtra = z.object({
  ...roomFields,
  /** A room that has one goes by it, and its name is a label. */
  sessionid: sessionId.optional(),
  netplay_mode: z.enum(NETPLAY_MODES).optional(),
});

/** What a member tells of themselves; never mixed with what the server says of them. */
export const memberExtra = z.object(memberFields);

type Nullable<Shape extends z.ZodRawShape> = { [K in keyof Shape]: z.ZodNullable<Shape[K]> };

/** Members that are named are changed, and removed by null; the others stay as they are. */
function changesOf<Shape extends z.ZodRawShape>(fields: Shape): z.ZodObject<Nullable<Shape>> {
  const nullable = Object.entries(fields).map(([name, schema]) => [name, z.nullable(schema as z.ZodType)]);
  return z.object(Object.fromEntries(nullable) as Nullable<Shape>);
}

export const roomExtraChanges = changesOf({
  ...roomFields,
  /** Decides how a room begins, so it is only compared with what the room has. */
  netplay_mode: z.enum(NETPLAY_MODES).optional(),
});
export const memberExtraChanges = changesOf(memberFields);

export type RoomExtra = z.output<typeof roomExtra>;
export type MemberExtra = z.output<typeof memberExtra>;
export type RoomExtraChanges = z.output<typeof roomExtraChanges>;
export type MemberExtraChanges = z.output<typeof memberExtraChanges>;
