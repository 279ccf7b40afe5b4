import type { MemberExtra } from '@romm-netplay/protocol';
import type { Outbox } from '../../ports.js';
import type { Player } from '../../players/player.js';

/** A connection of a player, who can hold a place through it. */
export interface Holder {
  readonly clientId: string;
  readonly player: Player;
  readonly outbox: Outbox;
  /** The signed-in session the connection belongs to, for tokens that name one. */
  readonly sessionRef: string | undefined;
}

/** What a place is taken with. */
export interface Claim {
  readonly spectator: boolean;
  /** The slot that is wished for; another one where somebody has it, or the room has no such slot. */
  readonly slot?: number | undefined;
  /** Undefined: as the member told before. */
  readonly extra?: MemberExtra | undefined;
  /** Of the one-time ticket that takes the place again. */
  readonly ticketHash: Buffer;
  /** How many places of the room one player may have; one by default. */
  readonly maxSeats?: number;
}

/** A player's place in a room. While the connection is lost, `clientId` is that of the lost one. */
export interface Member extends Holder {
  /**
   * Names the place within the room. A lasting one has the player's id, as each player has one of those; others
   * have that with a number behind it.
   */
  readonly id: string;
  /** 0 to maxPlayers - 1; null for spectators. */
  readonly slot: number | null;
  readonly extra: MemberExtra;
  readonly ticketHash: Buffer;
  /** Until when the place is kept (milliseconds since the epoch); undefined while connected. */
  readonly keptUntilMs: number | undefined;
}

/** Stands for a lost connection: what is sent there is dropped. */
export const NOBODY: Outbox = {
  returns: true,
  sendEvent: () => undefined,
  sendBinary: () => undefined,
  close: () => undefined,
};

export const isConnected = ({ keptUntilMs }: Pick<Member, 'keptUntilMs'>): boolean =>
  keptUntilMs === undefined;

/** Whether the player may come back for it, from whichever connection. */
export const isLasting = ({ id, player }: Pick<Member, 'id' | 'player'>): boolean => id === player.playerId;

/**
 * As others see them, by id: no two alike. Whoever came later has a number behind the name, be it a second place of
 * one account or somebody of the same name.
 *
 * @param members in the order they came
 */
export function shownNames(members: Iterable<Pick<Member, 'id' | 'player'>>): ReadonlyMap<string, string> {
  const taken = new Set<string>();
  const names = new Map<string, string>();
  for (const { id, player } of members) {
    let shown = player.name;
    for (let number = 2; taken.has(shown.toLowerCase()); number += 1) shown = `${player.name} (${number})`;
    taken.add(shown.toLowerCase());
    names.set(id, shown);
  }
  return names;
}
