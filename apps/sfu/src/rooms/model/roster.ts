import { type Holder, isConnected, isLasting, type Member } from './place.js';

/** The members of a room, in the order they came: by id, and by the connection that others see. */
export class Roster {
  readonly #byId = new Map<string, Member>();
  readonly #idByClient = new Map<string, string>();

  [Symbol.iterator](): IterableIterator<Member> {
    return this.#byId.values();
  }

  get size(): number {
    return this.#byId.size;
  }

  get(id: string): Member | undefined {
    return this.#byId.get(id);
  }

  /** The place that this very connection holds. */
  heldBy({ clientId, player }: Pick<Holder, 'clientId' | 'player'>): Member | undefined {
    const place = this.seenAs(clientId);
    const isTheirs = place?.player.playerId === player.playerId;
    return isTheirs && isConnected(place) ? place : undefined;
  }

  /** The member that others see under this client id. */
  seenAs(clientId: string): Member | undefined {
    const id = this.#idByClient.get(clientId);
    return id === undefined ? undefined : this.#byId.get(id);
  }

  /** The place that a player may come back to, connected or kept. */
  placeOf(playerId: string): Member | undefined {
    return this.#byId.get(playerId);
  }

  /** How many places a player has, of whichever kind. */
  seatsOf(playerId: string): number {
    return [...this].filter(({ player }) => player.playerId === playerId).length;
  }

  /** An id for one more place of a player. */
  newId({ player, outbox }: Pick<Holder, 'player' | 'outbox'>): string {
    if (outbox.returns) return player.playerId;
    let number = 1;
    while (this.#byId.has(`${player.playerId}.${number}`)) number += 1;
    return `${player.playerId}.${number}`;
  }

  /** Adds a member, or puts another state of theirs in the same place of the order. */
  put(member: Member): Member {
    const before = this.#byId.get(member.id);
    if (before !== undefined) this.#idByClient.delete(before.clientId);
    this.#byId.set(member.id, member);
    this.#idByClient.set(member.clientId, member.id);
    return member;
  }

  /** Removes whoever fits, and answers who that was. */
  remove(fits: (member: Member) => boolean): Member[] {
    const gone = [...this].filter(fits);
    for (const { id, clientId } of gone) {
      this.#byId.delete(id);
      this.#idByClient.delete(clientId);
    }
    return gone;
  }

  clear(): void {
    this.#byId.clear();
    this.#idByClient.clear();
  }

  lasting(): Member[] {
    return [...this].filter(isLasting);
  }
}
