import type {
  BannedPlayer,
  ChatLine,
  Launch,
  MemberExtra,
  RoomExtra,
  RoomPhase,
  Visibility,
} from '@romm-netplay/protocol';
import { type Member, NOBODY } from './place.js';

/** A member with a lasting place as plain JSON: everything but the connection. */
export interface MemberState {
  readonly issuer: string;
  readonly sub: string;
  readonly playerId: string;
  readonly name: string;
  /** Missing where a node of an older version wrote it, which knew no guests. */
  readonly instance?: string | null;
  /** Of the connection that held the place; a lost one is shown under it. */
  readonly clientId: string;
  readonly sessionRef: string | null;
  readonly slot: number | null;
  readonly extra: MemberExtra;
  /** base64url. */
  readonly ticketHash: string;
}

/** A whole room as plain JSON, to be moved to another node (P2.10): with the members who can come after it. */
export interface RoomState {
  readonly id: string;
  /** What it is registered under. */
  readonly key: string;
  readonly name: string;
  readonly maxPlayers: number;
  readonly passwordHash: string | null;
  readonly visibility: Visibility;
  readonly admits?: readonly string[] | undefined;
  readonly locked: boolean;
  /** Missing where a node of an older version wrote it: everybody may watch there. */
  readonly allowSpectators?: boolean;
  readonly extra: RoomExtra;
  readonly owner: string | null;
  /** In the order they came. */
  readonly members: readonly MemberState[];
  readonly bans: readonly BannedPlayer[];
  readonly game: {
    readonly phase: RoomPhase;
    readonly ready: readonly string[];
    readonly launch: Launch | null;
    readonly frame: number;
  };
  /** Oldest first. */
  readonly chat: readonly ChatLine[];
}

export const stateOfMember = ({ player, ticketHash, ...place }: Member): MemberState => ({
  ...player,
  clientId: place.clientId,
  sessionRef: place.sessionRef ?? null,
  slot: place.slot,
  extra: place.extra,
  ticketHash: ticketHash.toString('base64url'),
});

/** A member whose place is kept until they come back. */
export const memberFromState = (
  { issuer, sub, playerId, name, instance = null, sessionRef, ticketHash, ...place }: MemberState,
  keptUntilMs: number,
): Member => ({
  ...place,
  id: playerId,
  player: { issuer, sub, playerId, name, instance },
  sessionRef: sessionRef ?? undefined,
  ticketHash: Buffer.from(ticketHash, 'base64url'),
  outbox: NOBODY,
  keptUntilMs,
});
