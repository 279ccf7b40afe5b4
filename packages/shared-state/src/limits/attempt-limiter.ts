/** How many attempts a key has within a window. */
export interface AttemptRule {
  /** Names the rule; part of its keys in shared state. */
  readonly name: string;
  readonly attempts: number;
  readonly windowSeconds: number;
}

export type AttemptOutcome =
  { readonly allowed: true } | { readonly allowed: false; readonly retryAfterSeconds: number };

/** Counts attempts, for all replicas together. Rejects with StateUnavailableError when the state is away. */
export interface AttemptLimiter {
  /** Counts one attempt, or one that counts as several, and says whether it may go on. */
  attempt(key: string, weight?: number): Promise<AttemptOutcome>;
  /** Takes one attempt of a key back: it was none. */
  giveBack(key: string): Promise<void>;
  /** Forgets the attempts of a key, after one succeeded. */
  forget(key: string): Promise<void>;
}
