import type { Role } from '@romm-netplay/token-core';

/** What a caller showed to prove who they are; header values as they came. */
export interface Credentials {
  readonly authorization?: string | undefined;
  readonly cookie?: string | undefined;
  /** From where, for what is counted by address; unset where somebody else has counted. */
  readonly address?: string | undefined;
}

/** Who a provider says somebody is. */
export interface Identity {
  /** Unique within this issuer (S6), whichever provider knows the player. */
  readonly sub: string;
  /** The name other players see. */
  readonly netplayUsername: string;
  readonly role: Role;
  /** The provider's own id of the user, which never changes hands. */
  readonly externalId: string;
}

/** Knows players by one kind of credentials (S4). */
export interface IdentityProvider {
  readonly name: string;
  /**
   * Undefined when the credentials are of another kind or prove nothing. `maxAgeMs`: how old a word may be that
   * the provider remembers.
   */
  identify(credentials: Credentials, maxAgeMs?: number): Promise<Identity | undefined>;
  /**
   * Who the holder of a session of this provider is now; undefined ends the session. `credentials` are what
   * came along with the refresh token.
   */
  renew(sub: string, credentials: Credentials): Promise<Identity | undefined>;
  /** Why it cannot tell just now, for the operator; undefined while it can. Holds nothing secret. */
  trouble?(): string | undefined;
}
