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

export interface Candidate {
  readonly clientId: string;
  readonly player: Player;
  readonly outbox: Outbox;
  readonly spectator: boolean;
  readonly extra: MemberExtra;
}

export interface Member extends Candidate {
  /** 0 to maxPlayers - 1; null for spectators. */
  readonly slot: number | null;
}

/**
 * One room: who is in it, in which slot, and who owns it. Pure state; it sends nothing and knows no time.
 *
 * Invariants: a slot has one holder; spectators do not count against the slots; a room with players has
 * one owner, who is one of them; a room without players is empty for good.
 */
export class Room {
  readonly name: string;
  readonly maxPlayers: number;
  readonly passwordHash: string | undefined;
  readonly visibility: Visibility;
  readonly extra: RoomExtra;
  readonly #members = new Map<string, Member>();
  #ownerClientId: string | undefined;

  constructor(options: RoomOptions) {
    this.name = options.name;
    this.maxPlayers = options.maxPlayers;
    this.passwordHash = options.passwordHash;
    this.visibility = options.visibility;
    this.extra = options.extra;
  }

  get playerCount(): number {
    return this.#players().length;
  }

  get hasPlayers(): boolean {
    return this.playerCount > 0;
  }

  get members(): Iterable<Member> {
    return this.#members.values();
  }

  isOwner(clientId: string): boolean {
    return this.#ownerClientId === clientId;
  }

  member(clientId: string): Member | undefined {
    return this.#members.get(clientId);
  }

  /** @throws SocketError room_full, already_in_room: what `join` would answer */
  assertRoomFor(playerId: string, spectator: boolean): void {
    const members = [...this.#members.values()];
    if (members.some(({ player }) => player.playerId === playerId)) throw new SocketError('already_in_room');
    const full = spectator
      ? members.length - this.playerCount >= MAX_SPECTATORS
      : this.playerCount >= this.maxPlayers;
    if (full) throw new SocketError('room_full');
  }

  /** Seats a candidate in the lowest free slot, or beside the slots; the first player owns the room. */
  join(candidate: Candidate): Member {
    this.assertRoomFor(candidate.player.playerId, candidate.spectator);
    const member = { ...candidate, slot: candidate.spectator ? null : this.#lowestFreeSlot() };
    this.#members.set(member.clientId, member);
    if (member.slot !== null) this.#ownerClientId ??= member.clientId;
    return member;
  }

  /** Removes a member; an owner's rights pass to the player in the lowest slot. */
  leave(clientId: string): void {
    this.#members.delete(clientId);
    if (this.#ownerClientId !== clientId) return;
    const [heir] = this.#players().sort((a, b) => a.slot - b.slot);
    this.#ownerClientId = heir?.clientId;
  }

  /** Ends every membership that is left. */
  dismiss(): void {
    this.#members.clear();
    this.#ownerClientId = undefined;
  }

  users(): RoomUser[] {
    return [...this.#members.values()].map(({ clientId, player, slot, extra }) => ({
      client_id: clientId,
      player_id: player.playerId,
      name: player.name,
      slot,
      is_owner: this.isOwner(clientId),
      extra,
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
