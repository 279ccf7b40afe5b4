import {
  type BannedPlayer,
  type ChatLine,
  type Compatibility,
  GUESTS_MEMBER,
  type Launch,
  type MemberExtra,
  type RoomExtra,
  type RoomInfo,
  type RoomSnapshot,
  type RoomUser,
  type Visibility,
} from '@romm-netplay/protocol';
import { MAX_BANS, MAX_SPECTATORS } from '@romm-netplay/protocol/wire';
import { SocketError } from '../../errors.js';
import type { Outbox } from '../../ports.js';
import type { Player } from '../../players/player.js';
import { ChatHistory } from './chat-history.js';
import { compatibilityWith, IncompatibleGameError, mayPlay } from './compatibility.js';
import * as games from './game.js';
import { type Claim, type Holder, isConnected, type Member, NOBODY } from './place.js';
import { memberFromState, type RoomState, stateOfMember } from './room-state.js';
import { anybody, freeSlot, heirAmong, type MayOwn, playersAmong, type SeatedMember } from './seating.js';

/** What the owner can change. */
export interface RoomSettings {
  readonly maxPlayers: number;
  /** Hash of the password; undefined for an open room. */
  readonly passwordHash: string | undefined;
  readonly visibility: Visibility;
  /** Of a federated room: the other instances that may find it; undefined for every trusted one. */
  readonly admits: readonly string[] | undefined;
  /** Nobody new gets in. */
  readonly locked: boolean;
  /** Whether anybody new may watch; who watches already stays. */
  readonly allowSpectators: boolean;
}

export interface RoomOptions extends Omit<RoomSettings, 'admits' | 'locked' | 'allowSpectators'> {
  /** Names this room and no later one of the same name. */
  readonly id: string;
  readonly name: string;
  readonly admits?: readonly string[] | undefined;
  readonly locked?: boolean;
  readonly allowSpectators?: boolean | undefined;
  readonly extra: RoomExtra;
}

/**
 * One room: who is in it, in which slot, who owns it, and how far its game is. Pure state; it sends nothing,
 * and knows no time but what it is told. Who may do what is judged by the use cases.
 *
 * Invariants: a player has one place, held by one connection or kept for a lost one; a slot has one member,
 * kept or not; spectators do not count against the slots; a room with players has one owner, who is one of
 * them; a room without players is empty for good; nobody who is banned is inside; a game that is being
 * prepared waits for somebody who is connected.
 */
export class Room {
  readonly id: string;
  readonly name: string;
  #settings: RoomSettings;
  #extra: RoomExtra;
  /** By player id, in the order they came. */
  readonly #members = new Map<string, Member>();
  #ownerPlayerId: string | undefined;
  /** Names by player id: identity is the pair (issuer, sub) that a player id stands for (S6). */
  readonly #bans = new Map<string, string>();
  #game: games.Game;
  /** As the members know it. */
  #toldGame: games.Game;
  #chat = new ChatHistory();

  constructor({ id, name, extra, locked = false, allowSpectators = true, ...settings }: RoomOptions) {
    const { maxPlayers, passwordHash, visibility, admits } = settings;
    this.id = id;
    this.name = name;
    this.#settings = { maxPlayers, passwordHash, visibility, admits, locked, allowSpectators };
    this.#extra = extra;
    this.#game = games.newGame(extra.netplay_mode);
    this.#toldGame = this.#game;
  }

  /**
   * A room as it was elsewhere, with every place kept until `keptUntilMs`. A start that was under way is
   * back in the lobby: nobody is here to wait for.
   */
  static fromState(state: RoomState, keptUntilMs: number): Room {
    const { members, owner, bans, game, chat, passwordHash, ...rest } = state;
    const room = new Room({ ...rest, passwordHash: passwordHash ?? undefined });
    for (const member of members) {
      room.#members.set(member.playerId, memberFromState(member, keptUntilMs));
    }
    room.#ownerPlayerId = owner ?? undefined;
    for (const { player_id: playerId, name } of bans) room.#bans.set(playerId, name);
    const restored = { ...room.#game, ...game, ready: new Set(game.ready), waitingFor: new Set<string>() };
    room.#game = games.allAway(restored);
    room.#toldGame = room.#game;
    room.#chat = new ChatHistory(chat);
    return room;
  }

  toState(): RoomState {
    const { phase, ready, launch, frame } = this.#game;
    const { passwordHash, ...settings } = this.#settings;
    return {
      ...{ id: this.id, name: this.name, ...settings, passwordHash: passwordHash ?? null },
      extra: this.#extra,
      owner: this.#ownerPlayerId ?? null,
      members: [...this.#members.values()].map(stateOfMember),
      bans: this.bans,
      game: { phase, ready: [...ready], launch, frame },
      chat: this.chat,
    };
  }

  get maxPlayers(): number {
    return this.#settings.maxPlayers;
  }

  get passwordHash(): string | undefined {
    return this.#settings.passwordHash;
  }

  get visibility(): Visibility {
    return this.#settings.visibility;
  }

  get admits(): readonly string[] | undefined {
    return this.#settings.admits;
  }

  get allowSpectators(): boolean {
    return this.#settings.allowSpectators;
  }

  get extra(): RoomExtra {
    return this.#extra;
  }

  get game(): games.Game {
    return this.#game;
  }

  get chat(): ChatLine[] {
    return this.#chat.lines;
  }

  get bans(): BannedPlayer[] {
    return [...this.#bans].map(([playerId, name]) => ({ player_id: playerId, name }));
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

  get owner(): Player | undefined {
    return this.#members.get(this.#ownerPlayerId ?? '')?.player;
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

  /**
   * As `join` does.
   * @throws SocketError already_in_room, banned, room_locked, room_full, no_spectators, incompatible_game
   */
  assertRoomFor(playerId: string, { spectator, extra = {} }: Omit<Claim, 'ticketHash'>): void {
    if (this.#members.has(playerId)) throw new SocketError('already_in_room');
    if (this.#bans.has(playerId)) throw new SocketError('banned');
    if (this.#settings.locked) throw new SocketError('room_locked');
    if (spectator) this.#assertSeatBeside();
    else if (this.playerCount >= this.maxPlayers) throw new SocketError('room_full');
    else this.#assertCompatible(extra);
  }

  /** Seats a player in a free slot, the wished one if it is, or beside the slots; the first player owns the room. */
  join(holder: Holder, claim: Claim): Member {
    this.assertRoomFor(holder.player.playerId, claim);
    const { spectator, extra = {}, ticketHash } = claim;
    const slot = spectator ? null : freeSlot(this.members, this.maxPlayers, claim.slot);
    const member = this.#seat(holder, { slot, extra, ticketHash });
    if (slot !== null) this.#ownerPlayerId ??= holder.player.playerId;
    return member;
  }

  /**
   * Puts another connection of the member in their place: slot, role and ownership stay. Answers who held
   * it until now, so that a live connection can be told.
   */
  takeBack(
    holder: Holder,
    { extra, ticketHash }: Pick<Claim, 'extra' | 'ticketHash'>,
  ): { readonly previous: Outbox } {
    const place = this.#members.get(holder.player.playerId);
    if (place === undefined) throw new TypeError('Only a member has a place to take back.');
    this.#seat(holder, { slot: place.slot, extra: extra ?? place.extra, ticketHash });
    this.#game = games.withoutConnections(this.#game, [holder.player.playerId]);
    return { previous: place.outbox };
  }

  /** Keeps the place of a connection that was lost. False when it holds none. */
  disconnect(holder: Pick<Holder, 'clientId' | 'player'>, keptUntilMs: number): boolean {
    const place = this.heldBy(holder);
    if (place === undefined) return false;
    this.#members.set(place.player.playerId, { ...place, outbox: NOBODY, keptUntilMs });
    this.#game = games.withoutConnections(this.#game, [place.player.playerId]);
    return true;
  }

  /** Removes a member; an owner's rights pass to the heir. */
  leave(playerId: string, mayOwn: MayOwn = anybody): void {
    this.#removeWhere(({ player }) => player.playerId === playerId, mayOwn);
  }

  /** Removes whoever did not come back in time; whether there was anybody. */
  expire(nowMs: number, mayOwn: MayOwn = anybody): boolean {
    return this.#removeWhere(({ keptUntilMs }) => keptUntilMs !== undefined && keptUntilMs <= nowMs, mayOwn);
  }

  /** Removes the members of a session that has ended, connected or not; whether there was any. */
  endSession(sessionRef: string, mayOwn: MayOwn = anybody): boolean {
    return this.#removeWhere((member) => member.sessionRef === sessionRef, mayOwn);
  }

  /** Ends every membership that is left. */
  dismiss(): void {
    this.#members.clear();
    this.#ownerPlayerId = undefined;
  }

  /**
   * Puts a member out, whose resume ticket dies with the place, and with `ban` for the life of the room.
   * @throws SocketError target_not_in_room, bans_full
   */
  kick(playerId: string, ban: boolean): Member {
    const member = this.#member(playerId);
    if (ban && this.#bans.size >= MAX_BANS) throw new SocketError('bans_full');
    if (ban) this.#bans.set(playerId, member.player.name);
    this.leave(playerId);
    return member;
  }

  unban(playerId: string): void {
    this.#bans.delete(playerId);
  }

  /** @throws SocketError target_not_in_room, spectator */
  transferOwnership(playerId: string): void {
    const member = this.#member(playerId);
    if (!isConnected(member)) {
      throw new SocketError('target_not_in_room', { message: 'This player is not connected just now.' });
    }
    if (member.slot === null) {
      throw new SocketError('spectator', { message: 'A spectator cannot own the room; choose a player.' });
    }
    this.#ownerPlayerId = playerId;
  }

  /**
   * Moves a member to a free slot, or beside the slots.
   * @throws SocketError target_not_in_room, invalid_slot, slot_taken, incompatible_game, no_spectators, room_full,
   * last_player
   */
  moveTo(playerId: string, slot: number | null, mayOwn: MayOwn = anybody): void {
    const member = this.#member(playerId);
    if (slot === member.slot) return;
    if (slot === null) {
      if (this.playerCount === 1) throw new SocketError('last_player');
      this.#assertSeatBeside();
    } else {
      if (slot >= this.maxPlayers) throw new SocketError('invalid_slot');
      if (this.#players().some((player) => player.slot === slot)) throw new SocketError('slot_taken');
      if (member.slot === null) this.#assertCompatible(member.extra);
    }
    this.#members.set(playerId, { ...member, slot });
    if (slot !== null) return;
    this.#game = games.withoutPlayers(this.#game, [playerId]);
    if (this.isOwner(playerId)) this.#ownerPlayerId = heirAmong(this.members, mayOwn);
  }

  /** @throws SocketError slot_taken: somebody sits in a slot that would be no more */
  update(changes: Partial<RoomSettings>): void {
    const highest = Math.max(-1, ...this.#players().map(({ slot }) => slot));
    if (changes.maxPlayers !== undefined && changes.maxPlayers <= highest) {
      const message = `Somebody sits in slot ${highest}; move them first, or set max_players to at least ${highest + 1}.`;
      throw new SocketError('slot_taken', { message });
    }
    this.#settings = { ...this.#settings, ...changes };
  }

  /** Another game than the one the players agreed to makes nobody ready. */
  describe(extra: RoomExtra): void {
    const isSameGame = extra.rom_hash === this.#extra.rom_hash && extra.core_type === this.#extra.core_type;
    this.#extra = extra;
    if (!isSameGame) this.#game = games.voidReadiness(this.#game);
  }

  describeMember(playerId: string, extra: MemberExtra): Compatibility {
    this.#members.set(playerId, { ...this.#member(playerId), extra });
    return compatibilityWith(this.#extra, extra);
  }

  say(line: ChatLine): void {
    this.#chat.add(line);
  }

  /** @throws SocketError wrong_phase, incompatible_game */
  setReady(playerId: string, isReady: boolean): void {
    if (isReady) this.#assertCompatible(this.#member(playerId).extra);
    this.#game = games.setReady(this.#game, playerId, isReady);
  }

  /** Waits for every connected player. @throws SocketError wrong_phase, not_all_ready, incompatible_game */
  start(launch: Launch): void {
    const players = this.#players().filter(isConnected);
    const next = games.start(this.#game, new Set(players.map(({ player }) => player.playerId)), launch);
    for (const { extra } of players) this.#assertCompatible(extra);
    this.#game = next;
  }

  /** @throws SocketError wrong_phase */
  reportFrame(playerId: string, frame: number): void {
    this.#game = games.reportFrame(this.#game, playerId, frame);
  }

  /** @throws SocketError wrong_phase */
  pause(): void {
    this.#game = games.pause(this.#game);
  }

  /** @throws SocketError wrong_phase */
  unpause(): void {
    this.#game = games.unpause(this.#game);
  }

  /** @throws SocketError wrong_phase */
  returnToLobby(): void {
    this.#game = games.returnToLobby(this.#game);
  }

  /** What the members have to be told of the game; undefined when they know it all. */
  takeGameNews(): { readonly game: games.Game; readonly hasStarted: boolean } | undefined {
    const [told, game] = [this.#toldGame, this.#game];
    if (told === game) return undefined;
    this.#toldGame = game;
    return { game, hasStarted: told.phase === 'preparing' && game.phase === 'running' };
  }

  users(): RoomUser[] {
    return [...this.#members.values()].map((member) => ({
      client_id: member.clientId,
      player_id: member.player.playerId,
      name: member.player.name,
      instance: member.player.instance,
      slot: member.slot,
      is_owner: this.isOwner(member.player.playerId),
      connected: isConnected(member),
      ready: this.#game.ready.has(member.player.playerId),
      compatibility: compatibilityWith(this.#extra, member.extra),
      extra: member.extra,
    }));
  }

  info(): RoomInfo {
    return {
      room_id: this.id,
      room_name: this.name,
      max_players: this.maxPlayers,
      has_password: this.passwordHash !== undefined,
      visibility: this.visibility,
      admits: this.admits ?? null,
      locked: this.#settings.locked,
      allow_spectators: this.allowSpectators,
      phase: this.#game.phase,
      launch: this.#game.launch,
      extra: this.#extra,
    };
  }

  /** What the registry keeps of the room, beside where it is. */
  listing() {
    const { sync_config: _large, ...extra } = this.#extra;
    const guests = [...this.#members.values()].flatMap(({ player }) =>
      player.instance === null ? [] : [player.playerId],
    );
    return {
      ...extra,
      room_id: this.id,
      room_name: this.name,
      current: this.playerCount,
      max: this.maxPlayers,
      hasPassword: this.passwordHash !== undefined,
      visibility: this.visibility,
      ...(this.admits !== undefined && { admits: [...this.admits] }),
      ...(guests.length > 0 && { [GUESTS_MEMBER]: guests }),
      locked: this.#settings.locked,
      allow_spectators: this.allowSpectators,
      phase: this.#game.phase,
    };
  }

  snapshot(): RoomSnapshot {
    return { ...this.info(), users: this.users() };
  }

  #member(playerId: string): Member {
    const member = this.#members.get(playerId);
    if (member === undefined) throw new SocketError('target_not_in_room');
    return member;
  }

  #assertSeatBeside(): void {
    if (!this.allowSpectators) throw new SocketError('no_spectators');
    if (this.#members.size - this.playerCount < MAX_SPECTATORS) return;
    throw new SocketError('room_full', { message: 'As many watch this room as may; wait until one leaves.' });
  }

  #assertCompatible(extra: MemberExtra): void {
    if (!mayPlay(compatibilityWith(this.#extra, extra))) throw new IncompatibleGameError(this, extra);
  }

  #seat(
    { clientId, player, outbox, sessionRef }: Holder,
    place: Pick<Member, 'slot' | 'extra' | 'ticketHash'>,
  ): Member {
    const member = { clientId, player, outbox, sessionRef, ...place, keptUntilMs: undefined };
    this.#members.set(player.playerId, member);
    return member;
  }

  #removeWhere(fits: (member: Member) => boolean, mayOwn: MayOwn): boolean {
    const gone = [...this.#members.values()].filter(fits);
    for (const { player } of gone) this.#members.delete(player.playerId);
    this.#game = games.withoutPlayers(
      this.#game,
      gone.map(({ player }) => player.playerId),
    );
    if (gone.some(({ player }) => this.isOwner(player.playerId))) {
      this.#ownerPlayerId = heirAmong(this.members, mayOwn);
    }
    return gone.length > 0;
  }

  #players(): SeatedMember[] {
    return playersAmong(this.members);
  }
}
