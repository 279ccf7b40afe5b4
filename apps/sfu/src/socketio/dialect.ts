import type { LegacyExtra } from './payloads.js';
import { type Refuse, sfuRefusal, stockRefusal } from './refusals.js';
import { type EventTranslations, SFU_EVENTS, STOCK_EVENTS } from './translate-event.js';

/** How one family of clients speaks. */
export interface Dialect {
  readonly name: 'stock' | 'sfu';
  readonly events: EventTranslations;
  readonly refusal: Refuse;
  /** A client that disconnects on purpose has left; others may come back for their place. */
  readonly leavesByDisconnecting: boolean;
}

/** EmulatorJS as it comes, and RomM's built-in server. */
export const STOCK: Dialect = {
  name: 'stock',
  events: STOCK_EVENTS,
  refusal: stockRefusal,
  leavesByDisconnecting: true,
};

/** romm-sfu-server, and the EmulatorJS-SFU client. */
export const SFU: Dialect = {
  name: 'sfu',
  events: SFU_EVENTS,
  refusal: sfuRefusal,
  leavesByDisconnecting: false,
};

/** What only clients of romm-sfu-server tell; both kinds send a session id and a room name. */
const SFU_MARKS = ['netplay_mode', 'player_slot', 'input_mode', 'spectator_mode', 'is_spectator'] as const;

/** Which of the two sent this `extra`. */
export const dialectOf = (extra: LegacyExtra): Dialect =>
  extra.sessionid !== undefined && SFU_MARKS.every((mark) => extra[mark] === undefined) ? STOCK : SFU;
