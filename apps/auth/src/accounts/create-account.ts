import { hashPassword } from '@romm-netplay/service-kit';
import { randomUUID } from 'node:crypto';
import type { Role } from '@romm-netplay/token-core';
import type { Account, AccountStore } from './account-store.js';
import { newPassword } from './password.js';

export interface CreateAccountDeps {
  readonly accounts: AccountStore;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Creates an account with a first password, which is answered once. @throws AuthError username_taken */
export async function createAccount(
  { accounts, now }: CreateAccountDeps,
  { username, role }: { username: string; role: Role },
): Promise<{ account: Account; password: string }> {
  const password = newPassword();
  const account = await newAccount({ username, role, password, nowMs: now() });
  await accounts.insert(account);
  return { account, password };
}

export async function newAccount(of: {
  username: string;
  role: Role;
  password: string;
  nowMs: number;
}): Promise<Account> {
  const { username, role, password, nowMs: createdAtMs } = of;
  const passwordHash = await hashPassword(password);
  return { id: randomUUID(), username, role, passwordHash, enabled: true, createdAtMs };
}
