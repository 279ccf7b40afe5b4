import type { IssuerRegistry } from '@romm-netplay/shared-state';

/** What the use cases on issuers are given. */
export interface IssuerAdminDeps {
  readonly issuers: IssuerRegistry;
  /** This instance's own URL. */
  readonly audience: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}
