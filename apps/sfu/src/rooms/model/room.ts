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
import { type Claim, type Holder, isConnected, isLasting, type Member, NOBODY, shownNames } from './place.js';
import { memberFromState, type RoomState, stateOfMember } from './room-state.js';
import { Roster } from './roster.js';
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
  /** What it is registered under, for life; rooms of several games may have one name. */
  readonly key: string;
  readonly name: string;
  readonly admits?: readonly string[] | undefined;
  readonly locked?: boolean;
  readonly allowSpectators?: boolean | undefined;
  readonly extra: RoomExtra;
  /** The room is over when its owner leaves; else somebody else owns it then. */
  readonly endsWithOwner?: boolean;
}

/**
 * One room: who is in it, in which slot, who owns it, and how far its game is. Pure state; it sends nothing,
 * and knows no time but what it is told. Who may do what is judged by the use cases.
 *
 * Invariants: a player has one lasting place, held by one connection or kept for a lost one, and others that end
 * with their connection; a slot has one member, kept or not; spectators do not count against the slots; a room
 * with players has one owner, who is one of them; a room without players is empty for good; nobody who is banned
 * is inside; a game that is being prepared waits for somebody who is connected.
 */
export class Room {
  readonly id: string;
  readonly key: string;
  readonly name: string;
  readonly endsWithOwner: boolean;
  #settings: RoomSettings;
  #extra: RoomExtra;
  readonly #members = new Roster();
  /** A member's id. */
  #ownerId: string | undefined;
  /** Its owner has left, and with that it ended. */
  #isOver = false;
  /** Names by player id: identity is the pair (issuer, sub) that a player id stands for (S6). */
  readonly #bans = new Map<string, string>();
  #game: games.Game;
  /** As the members know it. */
  #toldGame: games.Game;
  #chat = new ChatHistory();

  constructor({ id, key, name, extra, locked = false, allowSpectators = true, ...settings }: RoomOptions) {
    const { maxPlayers, passwordHash, visibility, admits, endsWithOwner = false } = settings;
    this.id = id;
    this.key = key;
    this.name = name;
    this.endsWithOwner = endsWithOwner;
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
    for (const member of members) room.#members.put(memberFromState(member, keptUntilMs));
    room.#ownerId = owner ?? undefined;
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
    const lasting = this.#members.lasting();
    const owner = lasting.find(({ id }) => this.isOwner(id))?.id ?? heirAmong(lasting, anybody);
    return {
      ...{ id: this.id, key: this.key, name: this.name, ...settings, passwordHash: passwordHash ?? null },
      extra: this.#extra,
      owner: owner ?? null,
      members: lasting.map(stateOfMember),
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

  /** Whether the room goes on. */
  get hasPlayers(): boolean {
    return !this.#isOver && this.playerCount > 0;
  }

  /** Whether another node could go on with it: somebody can follow it there. */
  get canMove(): boolean {
    return !this.endsWithOwner && this.#players().some(isLasting);
  }

  get members(): Iterable<Member> & { readonly size: number } {
    return this.#members;
  }

  get owner(): Player | undefined {
    return this.#members.get(this.#ownerId ?? '')?.player;
  }

  /** Whether it is this member's. */
  isOwner(memberId: string): boolean {
    return this.#ownerId === memberId;
  }

  /** Whether it is this player's, from whichever place. */
  isOwnedBy(playerId: string): boolean {
    return this.owner?.playerId === playerId;
  }

  /** The member of an id. */
  member(memberId: string): Member | undefined {
    return this.#members.get(memberId);
  }

  /** The place that a player may come back to, connected or kept. */
  placeOf(playerId: string): Member | undefined {
    return this.#members.placeOf(playerId);
  }

  /** The place that a holder comes back to, where its player may. */
  placeFor({ outbox, player }: Pick<Holder, 'outbox' | 'player'>): Member | undefined {
    return outbox.returns ? this.placeOf(player.playerId) : undefined;
  }

  /** Whether a player has a place of any kind. */
  seats(playerId: string): boolean {
    return this.#members.seatsOf(playerId) > 0;
  }

  /** The place that this very connection holds. */
  heldBy(holder: Pick<Holder, 'clientId' | 'player'>): Member | undefined {
    return this.#members.heldBy(holder);
  }

  /** The member that others see under this client id. */
  seenAs(clientId: string): Member | undefined {
    return this.#members.seenAs(clientId);
  }

  /**
   * As `join` does.
   * @throws SocketError already_in_room, seats_full, banned, room_locked, room_full, no_spectators,
   * incompatible_game
   */
  assertRoomFor(
    holder: Pick<Holder, 'player' | 'outbox'>,
    { spectator, extra = {}, maxSeats = 1 }: Omit<Claim, 'ticketHash'>,
  ): void {
    const { playerId } = holder.player;
    if (this.placeFor(holder) !== undefined) throw new SocketError('already_in_room');
    if (this.#bans.has(playerId)) throw new SocketError('banned');
    if (this.#members.seatsOf(playerId) >= maxSeats) throw new SocketError('seats_full');
    if (this.#settings.locked) throw new SocketError('room_locked');
    if (spectator) this.#assertSeatBeside();
    else if (this.playerCount >= this.maxPlayers) throw new SocketError('room_full');
    else this.#assertCompatible(extra);
  }

  /** Seats a player in a free slot, the wished one if it is, or beside the slots; the first player owns the room. */
  join(holder: Holder, claim: Claim): Member {
    this.assertRoomFor(holder, claim);
    const { spectator, extra = {}, ticketHash } = claim;
    const slot = spectator ? null : freeSlot(this.members, this.maxPlayers, claim.slot);
    const member = this.#seat(holder, { id: this.#members.newId(holder), slot, extra, ticketHash });
    if (slot !== null) this.#ownerId ??= member.id;
    return member;
  }

  /**
   * Puts another connection of the member in their place: slot, role and ownership stay. Answers who held
   * it until now, so that a live connection can be told.
   */
  takeBack(
    holder: Holder,
    { extra, ticketHash }: Pick<Claim, 'extra' | 'ticketHash'>,
  ): { readonly previous: Outbox; readonly member: Member } {
    const place = this.placeFor(holder);
    if (place === undefined) throw new TypeError('Only a member has a place to take back.');
    const { id, slot } = place;
    const member = this.#seat(holder, { id, slot, extra: extra ?? place.extra, ticketHash });
    this.#game = games.withoutConnections(this.#game, [id]);
    return { previous: place.outbox, member };
  }

  /** Keeps the place of a connection that was lost. False when it holds none that is kept. */
  disconnect(holder: Pick<Holder, 'clientId' | 'player'>, keptUntilMs: number): boolean {
    const place = this.heldBy(holder);
    if (place === undefined || !isLasting(place)) return false;
    this.#members.put({ ...place, outbox: NOBODY, keptUntilMs });
    this.#game = games.withoutConnections(this.#game, [place.id]);
    return true;
  }

  /** Removes a member; an owner's rights pass to the heir, or the room is over. */
  leave(memberId: string, mayOwn: MayOwn = anybody): void {
    this.#removeWhere(({ id }) => id === memberId, mayOwn);
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
    this.#ownerId = undefined;
  }

  /**
   * Puts a member out, whose resume ticket dies with the place; with `ban`, the player, from every place they
   * have, for the life of the room. Answers who is out. @throws SocketError target_not_in_room, bans_full
   */
  kick(memberId: string, ban: boolean): Member[] {
    const { player } = this.#member(memberId);
    if (ban && this.#bans.size >= MAX_BANS) throw new SocketError('bans_full');
    if (ban) this.#bans.set(player.playerId, player.name);
    const isOut = (other: Member) =>
      other.id === memberId || (ban && other.player.playerId === player.playerId);
    const out = [...this.#members].filter(isOut);
    this.#removeWhere(isOut, anybody);
    return out;
  }

  unban(playerId: string): void {
    this.#bans.delete(playerId);
  }

  /** @throws SocketError target_not_in_room, spectator */
  transferOwnership(memberId: string): void {
    const member = this.#member(memberId);
    if (!isConnected(member)) {
      throw new SocketError('target_not_in_room', { message: 'This player is not connected just now.' });
    }
    if (member.slot === null) {
      throw new SocketError('spectator', { message: 'A spectator cannot own the room; choose a player.' });
    }
    this.#ownerId = memberId;
  }

  /**
   * Moves a member to a free slot, or beside the slots.
   * @throws SocketError target_not_in_room, invalid_slot, slot_taken, incompatible_game, no_spectators, room_full,
   * last_player
   */
  moveTo(memberId: string, slot: number | null, mayOwn: MayOwn = anybody): void {
    const member = this.#member(memberId);
    if (slot === member.slot) return;
    if (slot === null) {
      if (this.playerCount === 1) throw new SocketError('last_player');
      this.#assertSeatBeside();
    } else {
      if (slot >= this.maxPlayers) throw new SocketError('invalid_slot');
      if (this.#players().some((player) => player.slot === slot)) throw new SocketError('slot_taken');
      if (member.slot === null) this.#assertCompatible(member.extra);
    }
    this.#members.put({ ...member, slot });
    if (slot !== null) return;
    this.#game = games.withoutPlayers(this.#game, [memberId]);
    if (this.isOwner(memberId)) this.#ownerId = heirAmong(this.members, mayOwn);
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

  describeMember(memberId: string, extra: MemberExtra): Compatibility {
    this.#members.put({ ...this.#member(memberId), extra });
    return compatibilityWith(this.#extra, extra);
  }

  say(line: ChatLine): void {
    this.#chat.add(line);
  }

  /** @throws SocketError wrong_phase, incompatible_game */
  setReady(memberId: string, isReady: boolean): void {
    if (isReady) this.#assertCompatible(this.#member(memberId).extra);
    this.#game = games.setReady(this.#game, memberId, isReady);
  }

  /** Waits for every connected player. @throws SocketError wrong_phase, not_all_ready, incompatible_game */
  start(launch: Launch): void {
    const players = this.#players().filter(isConnected);
    const next = games.start(this.#game, new Set(players.map(({ id }) => id)), launch);
    for (const { extra } of players) this.#assertCompatible(extra);
    this.#game = next;
  }

  /** @throws SocketError wrong_phase */
  reportFrame(memberId: string, frame: number): void {
    this.#game = games.reportFrame(this.#game, memberId, frame);
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

  /** What a member is called here. */
  nameOf(memberId: string): string {
    return shownNames(this.#members).get(memberId) ?? '';
  }

  users(): RoomUser[] {
    const names = shownNames(this.#members);
    return [...this.#members].map((member) => ({
      client_id: member.clientId,
      player_id: member.id,
      name: names.get(member.id) ?? member.player.name,
      instance: member.player.instance,
      slot: member.slot,
      is_owner: this.isOwner(member.id),
      connected: isConnected(member),
      ready: this.#game.ready.has(member.id),
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
    const guests = [...this.#members].flatMap(({ player }) =>
      player.instance === null ? [] : [player.playerId],
    );
    const owner = this.#members.get(this.#ownerId ?? '');
    return {
      ...extra,
      room_id: this.id,
      room_key: this.key,
      room_name: this.name,
      ...(owner !== undefined && { player_name: this.nameOf(owner.id) }),
      current: this.playerCount,
      max: this.maxPlayers,
      hasPassword: this.passwordHash !== undefined,
      visibility: this.visibility,
      ...(this.admits !== undefined && { admits: [...this.admits] }),
      ...(guests.length > 0 && { [GUESTS_MEMBER]: [...new Set(guests)] }),
      locked: this.#settings.locked,
      allow_spectators: this.allowSpectators,
      phase: this.#game.phase,
    };
  }

  snapshot(): RoomSnapshot {
    return { ...this.info(), users: this.users() };
  }

  #member(memberId: string): Member {
    const member = this.#members.get(memberId);
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
    place: Pick<Member, 'id' | 'slot' | 'extra' | 'ticketHash'>,
  ): Member {
    return this.#members.put({ clientId, player, outbox, sessionRef, ...place, keptUntilMs: undefined });
  }

  #removeWhere(fits: (member: Member) => boolean, mayOwn: MayOwn): boolean {
    const gone = this.#members.remove(fits).map(({ id }) => id);
    this.#game = games.withoutPlayers(this.#game, gone);
    if (gone.some((id) => this.isOwner(id))) {
      this.#isOver ||= this.endsWithOwner;
      this.#ownerId = this.#isOver ? undefined : heirAmong(this.members, mayOwn);
    }
    return gone.length > 0;
  }

  #players(): SeatedMember[] {
    return playersAmong(this.members);
  }
}
