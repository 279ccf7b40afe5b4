import type { Role } from '@romm-netplay/token-core';

/** A player who has an account on this instance (provider "local"). */
export interface Account {
  readonly id: string;
  /** As it was chosen; two accounts differ by more than case. */
  readonly username: string;
  readonly passwordHash: string;
  readonly role: Role;
  readonly enabled: boolean;
  /** Milliseconds since the epoch. */
  readonly createdAtMs: number;
}

export type AccountChanges = Partial<Pick<Account, 'passwordHash' | 'role' | 'enabled'>>;

/** Where accounts are kept. Methods reject with AuthError database_unavailable. */
export interface AccountStore {
  list(): Promise<Account[]>;
  findByName(username: string): Promise<Account | undefined>;
  findById(id: string): Promise<Account | undefined>;
  /** @throws AuthError username_taken */
  insert(account: Account): Promise<void>;
  /** @throws AuthError last_admin when no enabled administrator would be left */
  update(id: string, changes: AccountChanges): Promise<void>;
  /** @throws AuthError last_admin, as update does */
  remove(id: string): Promise<void>;
  hasAdmin(): Promise<boolean>;
  addSetupCode(codeHash: string, expiresAtMs: number): Promise<void>;
  /**
   * Stores the first administrator and takes every code back, or answers false: the code is unknown or expired,
   * or there is an administrator already. However many ask at the same time, one gets true.
   */
  useSetupCode(codeHash: string, admin: Account, nowMs: number): Promise<boolean>;
}
