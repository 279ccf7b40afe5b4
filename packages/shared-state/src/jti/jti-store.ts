/**
 * The one-time ids of write tokens. A marker exists from minting until the token is used or expires;
 * whoever removes it owns the use. Every method rejects with StateUnavailableError when the state is away.
 */
export interface JtiStore {
  /** Marks a token as minted and unused until `expiresAtMs` (milliseconds since the epoch). */
  remember(jti: string, expiresAtMs: number): Promise<void>;
  /**
   * True exactly once per remembered id, however many nodes ask at the same time; one round trip. `sub` is
   * the subject of the token; older markers name one, and must name this one.
   */
  consume(jti: string, sub: string): Promise<boolean>;
  /** Whether `consume` would succeed now; changes nothing. */
  isUnused(jti: string, sub: string): Promise<boolean>;
}
