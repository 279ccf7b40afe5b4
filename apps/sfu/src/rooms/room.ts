import type { MemberExtra, RoomExtra, RoomSnapshot, RoomUser, Visibility } from '@romm-netplay/protocol';
import { MAX_SPECTATORS } from '@romm-netplay/protocol/wire';
import { SocketError } from '../errors.js';
import type { Outbox } from '../ports.js';
import type { Player } from '../signaling/player.js';

export interface RoomOptions {
  readonly name: string;
  readonly maxPlayers: number;
  /** Hash of the password; undefined for an open room. */
  readonly passwordHash: string | undefined;
  readonly visibility: Visibility;
  readonly extra: RoomExtra;
}

/** A connection of a player, who can hold a place through it. */
export interface Holder {
  readonly clientId: string;
  readonly player: Player;
  readonly outbox: Outbox;
  /** The signed-in session the connection belongs to, for tokens that name one. */
  readonly sessionId: string | undefined;
}

/** What a place is taken with. */
export interface Claim {
  readonly spectator: boolean;
  /** Undefined: as the member told before. */
  readonly extra?: MemberExtra | undefined;
  /** Of the one-time ticket that takes the place again. */
  readonly ticketHash: Buffer;
}

/** A player's place in the room. While the connection is lost, `clientId` is that of the lost one. */
export interface Member extends Holder {
  /** 0 to maxPlayers - 1; null for spectators. */
  readonly slot: number | null;
  readonly extra: MemberExtra;
  readonly ticketHash: Buffer;
  /** Until when the place is kept (milliseconds since the epoch); undefined while connected. */
  readonly keptUntilMs: number | undefined;
}

/** Stands for a lost connection: what is sent there is dropped. */
const NOBODY: Outbox = { sendText: () => undefined, sendBinary: () => undefined, close: () => undefined };

/**
 * One room: who is in it, in which slot, and who owns it. Pure state; it sends nothing, and knows no time
 * but what it is told.
 *
 * Invariants: a player has one place, held by one connection or kept for a lost one; a slot has one member,
 * kept or not; spectators do not count against the slots; a room with players has one owner, who is one of
 * them; a room without players is empty for good.
 */
export class Room {
  readonly name: string;
  readonly maxPlayers: number;
  readonly passwordHash: string | undefined;
  readonly visibility: Visibility;
  readonly extra: RoomExtra;
  /** By player id, in the order they came. */
  readonly #members = new Map<string, Member>();
  #ownerPlayerId: string | undefined;

  constructor(options: RoomOptions) {
    this.name = options.name;
    this.maxPlayers = options.maxPlayers;
    this.passwordHash = options.passwordHash;
    this.visibility = options.visibility;
    this.extra = options.extra;
  }

  /** Kept places count: nobody else can have them. */
  get playerCount(): number {
    return this.#players().length;
  }

  get hasPlayers(): boolean {
    return this.playerCount > 0;
  }

  get members(): Iterable<Member> {
    return this.#members.values();
  }

  get ownerPlayerId(): string | undefined {
    return this.#ownerPlayerId;
  }

  isOwner(playerId: string): boolean {
    return this.#ownerPlayerId === playerId;
  }

  /** The place of a player, connected or kept. */
  placeOf(playerId: string): Member | undefined {
    return this.#members.get(playerId);
  }

  /** The place that this very connection holds. */
  heldBy({ clientId, player }: Pick<Holder, 'clientId' | 'player'>): Member | undefined {
    const place = this.#members.get(player.playerId);
    return place?.clientId === clientId && isConnected(place) ? place : undefined;
  }

  /** The member that others see under this client id. */
  seenAs(clientId: string): Member | undefined {
    return [...this.#members.values()].find((member) => member.clientId === clientId);
  }

  /** @throws SocketError room_full, already_in_room: what `join` would answer */
  assertRoomFor(playerId: string, spectator: boolean): void {
    if (this.#members.has(playerId)) throw new SocketError('already_in_room');
    const full = spectator
      ? this.#members.size - this.playerCount >= MAX_SPECTATORS
      : this.playerCount >= this.maxPlayers;
    if (full) throw new SocketError('room_full');
  }

  /** Seats a player in the lowest free slot, or beside the slots; the first player owns the room. */
  join(holder: Holder, { spectator, extra = {}, ticketHash }: Claim): Member {
    this.assertRoomFor(holder.player.playerId, spectator);
    const slot = spectator ? null : this.#lowestFreeSlot();
    const member = this.#seat(holder, { slot, extra, ticketHash });
    if (slot !== null) this.#ownerPlayerId ??= holder.player.playerId;
    return member;
  }

  /**
   * Puts another connection of the member in their place: slot, role and ownership stay. Answers who held
   * it until now, so that a live connection can be told.
   */
  takeBack(holder: Holder, { extra, ticketHash }: Omit<Claim, 'spectator'>): { readonly previous: Outbox } {
    const place = this.#members.get(holder.player.playerId);
    if (place === undefined) throw new TypeError('Only a member has a place to take back.');
    this.#seat(holder, { slot: place.slot, extra: extra ?? place.extra, ticketHash });
    return { previous: place.outbox };
  }

  /** Keeps the place of a connection that was lost. False when it holds none. */
  disconnect(holder: Pick<Holder, 'clientId' | 'player'>, keptUntilMs: number): boolean {
    const place = this.heldBy(holder);
    if (place === undefined) return false;
    this.#members.set(place.player.playerId, { ...place, outbox: NOBODY, keptUntilMs });
    return true;
  }

  /** Removes a member; an owner's rights pass to the lowest slot, to a connected player if there is one. */
  leave(playerId: string): void {
    this.#removeWhere(({ player }) => player.playerId === playerId);
  }

  /** Removes whoever did not come back in time; whether there was anybody. */
  expire(nowMs: number): boolean {
    return this.#removeWhere(({ keptUntilMs }) => keptUntilMs !== undefined && keptUntilMs <= nowMs);
  }

  /** Removes the members of a session that has ended, connected or not; whether there was any. */
  endSession(sessionId: string): boolean {
    return this.#removeWhere((member) => member.sessionId === sessionId);
  }

  /** Ends every membership that is left. */
  dismiss(): void {
    this.#members.clear();
    this.#ownerPlayerId = undefined;
  }

  users(): RoomUser[] {
    return [...this.#members.values()].map((member) => ({
      client_id: member.clientId,
      player_id: member.player.playerId,
      name: member.player.name,
      slot: member.slot,
      is_owner: this.isOwner(member.player.playerId),
      connected: isConnected(member),
      extra: member.extra,
    }));
  }

  snapshot(): RoomSnapshot {
    return {
      room_name: this.name,
      max_players: this.maxPlayers,
      has_password: this.passwordHash !== undefined,
      visibility: this.visibility,
      extra: this.extra,
      users: this.users(),
    };
  }

  #seat(
    { clientId, player, outbox, sessionId }: Holder,
    place: Pick<Member, 'slot' | 'extra' | 'ticketHash'>,
  ): Member {
    const member = { clientId, player, outbox, sessionId, ...place, keptUntilMs: undefined };
    this.#members.set(player.playerId, member);
    return member;
  }

  #removeWhere(fits: (member: Member) => boolean): boolean {
    const gone = [...this.#members.values()].filter(fits);
    for (const { player } of gone) this.#members.delete(player.playerId);
    if (gone.some(({ player }) => this.isOwner(player.playerId))) this.#ownerPlayerId = this.#heir();
    return gone.length > 0;
  }

  #heir(): string | undefined {
    const [first] = this.#players().sort(
      (a, b) => Number(isConnected(b)) - Number(isConnected(a)) || a.slot - b.slot,
    );
    return first?.player.playerId;
  }

  #players(): (Member & { slot: number })[] {
    return [...this.#members.values()].filter(
      (member): member is Member & { slot: number } => member.slot !== null,
    );
  }

  #lowestFreeSlot(): number {
    const taken = new Set(this.#players().map(({ slot }) => slot));
    let slot = 0;
    while (taken.has(slot)) slot += 1;
    return slot;
  }
}

const isConnected = ({ keptUntilMs }: Member): boolean => keptUntilMs === undefined;
