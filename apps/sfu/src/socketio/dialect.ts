import type { LegacyExtra } from './payloads.js';
import { type Refuse, sfuRefusal, stockRefusal } from './refusals.js';
import { type EventTranslations, SFU_EVENTS, STOCK_EVENTS } from './translate-event.js';

/** How one family of clients speaks. */
export interface Dialect {
  readonly name: 'stock' | 'sfu';
  readonly events: EventTranslations;
  readonly refusal: Refuse;
  /** Whether a client whose connection is lost comes back for its place; else it has left, and knows no other way. */
  readonly returns: boolean;
}

/** EmulatorJS as it comes, and RomM's built-in server. */
export const STOCK: Dialect = {
  name: 'stock',
  events: STOCK_EVENTS,
  refusal: stockRefusal,
  returns: false,
};

/** romm-sfu-server, and the EmulatorJS-SFU client. */
export const SFU: Dialect = {
  name: 'sfu',
  events: SFU_EVENTS,
  refusal: sfuRefusal,
  returns: true,
};

/** What only clients of romm-sfu-server tell; both kinds send a session id and a room name. */
const SFU_MARKS = ['netplay_mode', 'player_slot', 'input_mode', 'spectator_mode', 'is_spectator'] as const;

/** Which of the two sent this `extra`. */
export const dialectOf = (extra: LegacyExtra): Dialect =>
  extra.sessionid !== undefined && SFU_MARKS.every((mark) => extra[mark] === undefined) ? STOCK : SFU;
