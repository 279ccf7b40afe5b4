import type { IssuerRegistry } from './issuer-registry.js';

/** What the use cases on issuers are given. */
export interface IssuerAdminDeps {
  readonly issuers: IssuerRegistry;
  /** Has every process learn of a change that was just made. Does not reject. */
  readonly issuersChanged: () => Promise<void>;
  /** This instance's own URL. */
  readonly audience: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}
