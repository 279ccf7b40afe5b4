import type { InvitedTerms, IssuerDraft, RegisteredIssuer } from '@romm-netplay/protocol';

/** Open ones at a time: each is a secret that somebody holds. */
export const MAX_OPEN_INVITATIONS = 20;
export const MAX_WRONG_TRIES = 5;

export interface Invitation {
  readonly id: string;
  /** SHA-256 in hex. */
  readonly secretHash: string;
  readonly terms: InvitedTerms;
  /** Milliseconds since the epoch. */
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  readonly wrongTries: number;
  /** Issuer URL of the instance that has used it. */
  readonly redeemedBy: string | null;
}

export type RedeemOutcome =
  | { readonly outcome: 'registered'; readonly issuer: RegisteredIssuer }
  /** This instance has used it before, and is still registered. */
  | { readonly outcome: 'again' }
  /** Used by another, or by one that was removed since. */
  | { readonly outcome: 'used' }
  | { readonly outcome: 'gone' }
  /** Registered already, by something other than this invitation. */
  | { readonly outcome: 'exists' }
  | { readonly outcome: 'full' };

/** Where invitations are kept, beside the registry. Methods reject with AuthError database_unavailable. */
export interface InvitationStore {
  /** False when as many are open as may be; however many are added at the same time. */
  add(
    invitation: Pick<Invitation, 'id' | 'secretHash' | 'terms' | 'createdAtMs' | 'expiresAtMs'>,
  ): Promise<boolean>;
  /** The newest first. */
  list(): Promise<Invitation[]>;
  remove(id: string): Promise<boolean>;
  /**
   * The invitation, for whoever knows its secret; every other try is counted, and with too many of them nobody
   * gets it any more. One at a time for each invitation.
   */
  attempt(id: string, isRight: (secretHash: string) => boolean): Promise<Invitation | undefined>;
  /** Registers who has used it and says so in the invitation, both or neither; one instance for each. */
  redeem(id: string, draft: IssuerDraft): Promise<RedeemOutcome>;
  /** Forgets those that expired before. */
  purge(beforeMs: number): Promise<void>;
}
