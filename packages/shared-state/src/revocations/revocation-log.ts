/** How long an ended session is remembered: longer than any token of it can be valid (15 min and skew). */
export const REVOCATION_RETENTION_MS = 60 * 60 * 1000;

/** Where a reader has got to. */
export type RevocationCursor = string;

export interface RevocationPage {
  /** Sessions that ended since, as `sessionRefOf` names them, oldest first. */
  readonly sessionRefs: readonly string[];
  /** To be shown when asking for what comes after this page. */
  readonly cursor: RevocationCursor;
}

/** The reading half, for those who only follow. Rejects with StateUnavailableError when the state is away. */
export interface RevocationFeed {
  /** What was appended after `cursor`; everything that is still remembered without one. */
  readAfter(cursor: RevocationCursor | undefined): Promise<RevocationPage>;
}

/**
 * The sessions that were ended before their tokens ran out, for every process to follow (P3.7). Every method
 * rejects with StateUnavailableError when the state is away.
 */
export interface RevocationLog extends RevocationFeed {
  append(sessionRefs: readonly string[]): Promise<void>;
}
