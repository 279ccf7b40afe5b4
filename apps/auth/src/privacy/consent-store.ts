import { randomBytes } from 'node:crypto';
import { CONSENT_VERSION, type RegisteredIssuer } from '@romm-netplay/protocol';

/** A player's agreement that another instance learns who they are (P3.8). Times in ms since the epoch. */
export interface Consent {
  readonly sub: string;
  /** Issuer URL of the other instance. */
  readonly audience: string;
  /** What it said; see CONSENT_VERSION. */
  readonly version: number;
  readonly givenAtMs: number;
  /** By which id the player agreed to be known. */
  readonly shares: RegisteredIssuer['subject'];
  /** The `sid` of the tokens it allows: by this the other instance is told what has to end. */
  readonly grantId: string;
}

/**
 * Whether a player has agreed to what an instance learns now: an administrator may since have chosen that it is
 * their own id. A later version may come from a replica that is updated already.
 */
export const isCurrent = (
  { version, shares }: Pick<Consent, 'version' | 'shares'>,
  { subject }: Pick<RegisteredIssuer, 'subject'>,
): boolean => version >= CONSENT_VERSION && (shares === 'plain' || subject === 'pairwise');

/** Never a session's own id: what is told elsewhere must not name anything here. */
export const newGrantId = (): string => randomBytes(16).toString('base64url');

export interface ConsentQuery {
  readonly sub: string;
  readonly audience: string;
  /** The session on whose behalf is asked, if there is one. */
  readonly sessionId: string | undefined;
}

/** Where consents are kept, shared by the replicas. Methods reject with AuthError database_unavailable. */
export interface ConsentStore {
  list(sub: string): Promise<Consent[]>;
  /**
   * The consent, and whether the session has ended, as of one moment: the end of all sessions of a player
   * changes the grant, and whoever has an ended session must not get the new one.
   */
  find(query: ConsentQuery): Promise<(Consent & { readonly sessionEnded: boolean }) | undefined>;
  /**
   * Stores a consent, unless there is one of this version or a later one that shares no less. One of an earlier
   * version, or that shares less, keeps its grant. Answers what is there now; of many who race, one has made it.
   */
  give(consent: Consent): Promise<{ readonly consent: Consent; readonly isNew: boolean }>;
  /** Ends the consent, and notes in the same transaction that its instance has to be told. False: none. */
  withdraw(which: { readonly sub: string; readonly audience: string }, nowMs: number): Promise<boolean>;
}
