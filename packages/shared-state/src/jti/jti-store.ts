/**
 * The one-time ids of write tokens. A marker exists from minting until the token is used or expires;
 * whoever removes it owns the use. Every method rejects with StateUnavailableError when the state is away, and
 * when it cannot know whether an id was used: what mints and nodes then do is to begin again with a new one.
 */
export interface JtiStore {
  /** A new id, 32 lower-case hex digits, marked as minted and unused for `ttlMs` milliseconds. */
  issue(ttlMs: number): Promise<string>;
  /**
   * True exactly once per issued id, however many nodes ask at the same time; one round trip. `sub` is
   * the subject of the token; older markers name one, and must name this one.
   */
  consume(jti: string, sub: string): Promise<boolean>;
  /** Whether `consume` would succeed now; changes nothing. */
  isUnused(jti: string, sub: string): Promise<boolean>;
}
