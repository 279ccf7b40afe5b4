import type { AttemptLimiter, AttemptRule } from '@romm-netplay/shared-state';
import { AuthError } from '../errors.js';

/** What one address may try on any invitation, and how often a good one makes this server call another. */
export const INVITATION_RULES = {
  address: { name: 'invitation-address', attempts: 30, windowSeconds: 15 * 60 },
  invitation: { name: 'invitation', attempts: 20, windowSeconds: 15 * 60 },
} as const satisfies Record<string, AttemptRule>;

export interface InvitationLimits {
  /** @throws AuthError too_many_attempts */
  attempt(rule: keyof typeof INVITATION_RULES, key: string): Promise<void>;
}

export function createInvitationLimits(limiter: (rule: AttemptRule) => AttemptLimiter): InvitationLimits {
  const limiters = {
    address: limiter(INVITATION_RULES.address),
    invitation: limiter(INVITATION_RULES.invitation),
  };
  return {
    async attempt(rule, key) {
      const outcome = await limiters[rule].attempt(key);
      if (!outcome.allowed) {
        throw new AuthError('too_many_attempts', { retryAfterSeconds: outcome.retryAfterSeconds });
      }
    },
  };
}
