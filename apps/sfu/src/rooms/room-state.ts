import type {
  BannedPlayer,
  ChatLine,
  Launch,
  MemberExtra,
  RoomExtra,
  RoomPhase,
  Visibility,
} from '@romm-netplay/protocol';

/** A member as plain JSON: everything but the connection. */
export interface MemberState {
  readonly issuer: string;
  readonly sub: string;
  readonly playerId: string;
  readonly name: string;
  /** Of the connection that held the place; a lost one is shown under it. */
  readonly clientId: string;
  readonly sessionId: string | null;
  readonly slot: number | null;
  readonly extra: MemberExtra;
  /** base64url. */
  readonly ticketHash: string;
}

/** A whole room as plain JSON, to be moved to another node (P2.10). */
export interface RoomState {
  readonly id: string;
  readonly name: string;
  readonly maxPlayers: number;
  readonly passwordHash: string | null;
  readonly visibility: Visibility;
  readonly locked: boolean;
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
