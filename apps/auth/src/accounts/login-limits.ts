import type { AttemptLimiter, AttemptOutcome, AttemptRule } from '@romm-netplay/shared-state';
import { AuthError } from '../errors.js';

/** What one address may try on one account, one address on any, and anybody on one account. */
export const LOGIN_RULES = {
  addressAndAccount: { name: 'login-pair', attempts: 5, windowSeconds: 15 * 60 },
  address: { name: 'login-address', attempts: 50, windowSeconds: 15 * 60 },
  // Wide enough that a stranger who keeps trying does not lock the player out for long.
  account: { name: 'login-account', attempts: 100, windowSeconds: 3600 },
} as const satisfies Record<string, AttemptRule>;

export interface LoginLimits {
  /** Counts a try before the password is looked at. @throws AuthError too_many_attempts */
  attempt(username: string, address: string): Promise<void>;
  /** The password was right: the player's own earlier slips do not count. */
  succeeded(username: string, address: string): Promise<void>;
}

export function createLoginLimits(limiter: (rule: AttemptRule) => AttemptLimiter): LoginLimits {
  const pairs = limiter(LOGIN_RULES.addressAndAccount);
  const addresses = limiter(LOGIN_RULES.address);
  const accounts = limiter(LOGIN_RULES.account);
  const pairOf = (username: string, address: string) => JSON.stringify([username, address]);

  return {
    async attempt(username, address) {
      let outcomes: AttemptOutcome[] = await Promise.all([
        pairs.attempt(pairOf(username, address)),
        addresses.attempt(address),
      ]);
      // Tries that are refused already must not use up what the account has for everybody else.
      if (outcomes.every(({ allowed }) => allowed)) outcomes = [await accounts.attempt(username)];
      const waits = outcomes.flatMap((outcome) => (outcome.allowed ? [] : [outcome.retryAfterSeconds]));
      if (waits.length > 0)
        throw new AuthError('too_many_attempts', { retryAfterSeconds: Math.max(...waits) });
    },
    async succeeded(username, address) {
      await pairs.forget(pairOf(username, address));
    },
  };
}
