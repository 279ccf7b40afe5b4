import { createHash, randomBytes } from 'node:crypto';
import { AuthError } from '../errors.js';
import { type CreateAccountDeps, newAccount } from './create-account.js';
import type { LoginLimits } from './login-limits.js';

const SETUP_CODE_TTL_MS = 24 * 3600 * 1000;

export interface FirstAdmin {
  readonly username: string;
  readonly password: string;
}

/**
 * Sees to it that an instance with accounts gets an administrator: the configured one, or a one-time code for
 * whoever reads the log. Undefined when there is an administrator already.
 */
export async function ensureFirstAdmin(
  { accounts, now }: CreateAccountDeps,
  configured: FirstAdmin | undefined,
): Promise<{ setupCode: string } | undefined> {
  if (await accounts.hasAdmin()) return undefined;
  const setupCode = randomBytes(32).toString('base64url');
  await accounts.addSetupCode(codeHash(setupCode), now() + SETUP_CODE_TTL_MS);
  if (configured === undefined) return { setupCode };
  const admin = await newAccount({ ...configured, role: 'admin', nowMs: now() });
  // Through the code as well: replicas that start together create one administrator, not several.
  try {
    await accounts.useSetupCode(codeHash(setupCode), admin, now());
    return undefined;
  } catch (error) {
    // Somebody who is no administrator goes by the configured name: the printed link remains.
    if (error instanceof AuthError && error.code === 'username_taken') return { setupCode };
    throw error;
  }
}

export interface UseSetupCodeDeps extends CreateAccountDeps {
  readonly loginLimits: LoginLimits;
}

/** Creates the first administrator. @throws AuthError setup_code_refused, username_taken, too_many_attempts */
export async function useSetupCode(
  { accounts, loginLimits, now }: UseSetupCodeDeps,
  { code, address, ...admin }: FirstAdmin & { code: string; address: string },
): Promise<void> {
  // By the code that is tried: whoever tries others does not use up the tries of who has the right one.
  await loginLimits.attempt(`setup ${codeHash(code)}`, address);
  if (await accounts.hasAdmin()) throw new AuthError('setup_code_refused');
  const account = await newAccount({ ...admin, role: 'admin', nowMs: now() });
  if (!(await accounts.useSetupCode(codeHash(code), account, now())))
    throw new AuthError('setup_code_refused');
}

const codeHash = (code: string): string => createHash('sha256').update(code).digest('base64url');
