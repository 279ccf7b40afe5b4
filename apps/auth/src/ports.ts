import type { Subject } from '@romm-netplay/token-core';

/** What a caller showed to prove who they are; header values as they came. */
export interface Credentials {
  readonly authorization?: string | undefined;
  readonly cookie?: string | undefined;
}

/** Knows players by one kind of credentials (S4). */
export interface IdentityProvider {
  readonly name: string;
  /** Undefined when the credentials are of another kind or prove nothing. */
  identify(credentials: Credentials): Promise<Subject | undefined>;
}
