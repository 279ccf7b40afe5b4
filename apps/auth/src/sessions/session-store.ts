import type { Role } from '@romm-netplay/token-core';

/** Why a session ended, for the list of an administrator and the audit. */
export type EndReason =
  | 'signed_out'
  | 'revoked'
  | 'refresh_token_reused'
  | 'provider_refused'
  | 'password_changed'
  | 'account_changed';

/** A signed-in player on one device: the family of its refresh tokens (S1). Times in ms since the epoch. */
export interface Session {
  /** The `sid` of its tokens. */
  readonly id: string;
  readonly sub: string;
  /** Name of the identity provider that vouches for the player. */
  readonly provider: string;
  readonly netplayUsername: string;
  readonly role: Role;
  /** What the browser or program called itself at sign-in. */
  readonly device: string;
  readonly createdAtMs: number;
  readonly lastUsedAtMs: number;
  /** When its newest refresh token expires. */
  readonly expiresAtMs: number;
  readonly endedAtMs: number | null;
  readonly endReason: EndReason | null;
}

/** One refresh token of a family; the newest has not been rotated. */
export interface StoredRefreshToken {
  /** refreshTokenHash of the token. */
  readonly hash: string;
  readonly sessionId: string;
  readonly expiresAtMs: number;
  readonly rotatedAtMs: number | null;
  /** Leads from the token to its successor; see successorOf. */
  readonly successorSalt: string | null;
}

/** Work on one session while no replica does any other on it. */
export interface SessionTransaction {
  readonly session: Session;
  findToken(hash: string): Promise<StoredRefreshToken | undefined>;
  /** Marks a token as rotated and stores its successor. */
  rotate(
    token: StoredRefreshToken & { rotatedAtMs: number; successorSalt: string },
    next: StoredRefreshToken,
  ): Promise<void>;
  update(
    changes: Partial<Pick<Session, 'netplayUsername' | 'role' | 'lastUsedAtMs' | 'expiresAtMs'>>,
  ): Promise<void>;
  /** Ends the session, and with it what the player does at other instances. */
  end(reason: EndReason, nowMs: number): Promise<void>;
}

/** Where sessions are kept, shared by the replicas. Methods reject with AuthError database_unavailable. */
export interface SessionStore {
  /** Stores a new session with its first token, and ends the longest unused ones of the player beyond `maxLive`. */
  create(session: Session, token: StoredRefreshToken, maxLive: number): Promise<{ readonly ended: number }>;
  /**
   * Runs `work` on the session a token belongs to: all of it takes effect, or nothing. Undefined when there is
   * no such token.
   */
  withSessionOf<T>(
    tokenHash: string,
    work: (transaction: SessionTransaction) => Promise<T>,
  ): Promise<T | undefined>;
  /** The sessions of a player that have not ended or expired, the last used first. */
  listLive(sub: string, nowMs: number): Promise<Session[]>;
  /**
   * Ends live sessions and answers how many there were. In the same transaction, what the player does at other
   * instances ends with them, unless the player or an administrator ended one session among others.
   */
  end(which: SessionFilter, reason: EndReason, nowMs: number): Promise<number>;
  /** Ended sessions that the revocation log has not been told of, oldest first. */
  listUnannounced(limit: number): Promise<string[]>;
  /** Has what ended after `sinceMs` announced once more: the log may have been lost meanwhile. */
  reannounce(sinceMs: number): Promise<void>;
  markAnnounced(sessionIds: readonly string[]): Promise<void>;
  /** Deletes what ended or expired before `beforeMs`; answers how many sessions that were. */
  purge(beforeMs: number): Promise<number>;
}

export interface SessionFilter {
  readonly sub: string;
  /** Only this one. */
  readonly id?: string | undefined;
  /** All but this one. */
  readonly exceptId?: string | undefined;
}
