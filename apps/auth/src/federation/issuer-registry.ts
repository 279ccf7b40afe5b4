import type { IssuerDraft, RegisteredIssuer } from '@romm-netplay/protocol';
import type { IssuerFeed } from '@romm-netplay/shared-state';

export type IssuerPutOutcome =
  | { readonly outcome: 'stored'; readonly issuer: RegisteredIssuer }
  /** Somebody was faster: it is there already, is gone, or has another version. */
  | { readonly outcome: 'conflict' }
  | { readonly outcome: 'full' };

/**
 * The instances that are registered here (P2.4), as the database keeps them. Every change gets a version of its
 * own, which is never given again, also not to an issuer that was removed and comes back: whoever changes one
 * says which version they saw. Every method rejects with AuthError database_unavailable.
 */
export interface IssuerRegistry extends IssuerFeed {
  /** Stores a new issuer (`expected` undefined), or the next version of the one with version `expected`. */
  put(draft: IssuerDraft, expected: number | undefined): Promise<IssuerPutOutcome>;
  remove(issuer: string, expected: number): Promise<'removed' | 'conflict'>;
  /** Gives the list a version above one that was seen elsewhere: the database was set back to an older copy. */
  overtake(version: number): Promise<void>;
}
