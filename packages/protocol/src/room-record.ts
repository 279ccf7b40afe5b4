import { z } from 'zod';
import { MAX_ROOM_NAME_LENGTH } from './limits.js';

/** Printable text only: a name is shown to people and written to logs. */
const printable = /^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}]+$/u;

export const roomName = z
  .string()
  .min(1)
  .max(MAX_ROOM_NAME_LENGTH)
  .regex(printable, 'must not contain control characters')
  .refine((name) => name.trim() === name, 'must not begin or end with white space')
  .meta({ description: 'Names the room within its instance.', example: 'friday-night' });

/**
 * A room as the registry keeps it and `/list` shows it. Fields a server adds of its own are kept, so that
 * servers of other versions can share one registry.
 */
export const roomRecord = z
  .looseObject({
    room_name: roomName,
    current: z.int().min(0).max(10_000).describe('Players in slots.'),
    max: z.int().min(0).max(10_000).describe('Slots.'),
    hasPassword: z.boolean().default(false),
    nodeId: z.string().min(1).max(255).describe('The SFU node that hosts the room.'),
    url: z
      .url({ protocol: /^(https?|wss?)$/ })
      .max(2048)
      .describe("The hosting node's public URL."),
    updatedAt: z
      .union([z.number(), z.string().max(64)])
      .optional()
      .describe('When the hosting node last reported the room.'),
  })
  .meta({ id: 'RoomRecord' });

export type RoomRecord = z.output<typeof roomRecord>;

/** Names the guests who have a place in the room, so that other nodes find it for them; for servers only. */
export const GUESTS_MEMBER = 'guest_players';

/** A record as people of its instance may see it. */
export function shownRecord({ [GUESTS_MEMBER]: _guests, ...shown }: RoomRecord): RoomRecord {
  return shown;
}

/** Room name to record. */
export const roomMap = z.record(z.string(), roomRecord).meta({ id: 'RoomMap' });
export type RoomMap = Record<string, RoomRecord>;
