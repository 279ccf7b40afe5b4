import type { IssuerDraft, RegisteredIssuer } from '@romm-netplay/protocol';

/** More issuers than this are refused; every process holds all of them in memory. */
export const MAX_ISSUERS = 200;

export interface IssuerList {
  /** Of the registry as a whole: that of its last change, removals included. */
  readonly version: number;
  readonly issuers: readonly RegisteredIssuer[];
}

/** The half that followers read. Rejects with StateUnavailableError when the state is away. */
export interface IssuerFeed {
  /** Another than before as soon as anything has changed; 0 while nothing ever did. */
  version(): Promise<number>;
  list(): Promise<IssuerList>;
}

export type IssuerPutOutcome =
  | { readonly outcome: 'stored'; readonly issuer: RegisteredIssuer }
  /** Somebody was faster: it is there already, is gone, or has another version. */
  | { readonly outcome: 'conflict' }
  | { readonly outcome: 'full' };

/**
 * The instances whose players may come here (P2.4). Every change gets a version of its own, which is never
 * given again, also not to an issuer that was removed and comes back: whoever changes one says which version
 * they saw. Every method rejects with StateUnavailableError when the state is away.
 */
export interface IssuerRegistry extends IssuerFeed {
  /** Stores a new issuer (`expected` undefined), or the next version of the one with version `expected`. */
  put(draft: IssuerDraft, expected: number | undefined): Promise<IssuerPutOutcome>;
  remove(issuer: string, expected: number): Promise<'removed' | 'conflict'>;
}
