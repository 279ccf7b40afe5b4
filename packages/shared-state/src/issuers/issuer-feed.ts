import type { RegisteredIssuer } from '@romm-netplay/protocol';

/** More issuers than this are refused; every process holds all of them in memory. */
export const MAX_ISSUERS = 200;

export interface IssuerList {
  /** Of the registry as a whole: that of its last change, removals included. */
  readonly version: number;
  readonly issuers: readonly RegisteredIssuer[];
}

/** The half that followers read. Rejects with StateUnavailableError when the state is away. */
export interface IssuerFeed {
  /** Another than before as soon as anything has changed; 0 while nothing was published. */
  version(): Promise<number>;
  list(): Promise<IssuerList>;
}

/**
 * The list of issuers as every process of the instance sees it. A copy: what is true is in the database of
 * auth, which publishes it here after every change, and again when it was lost.
 */
export interface PublishedIssuers extends IssuerFeed {
  /** Takes the place of the whole list, unless that is as new or newer: of two who publish, the later truth stays. */
  publish(list: IssuerList): Promise<void>;
}
