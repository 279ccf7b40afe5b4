import { CONSENT_VERSION } from '@romm-netplay/protocol';
import type { AttemptLimiter, AttemptRule } from '@romm-netplay/shared-state';
import { AuthError } from '../errors.js';
import { findInstance, type FindInstanceDeps } from './find-instance.js';
import { type ConsentStore, isCurrent, newGrantId } from './consent-store.js';
import { type Visitable, visitable } from './list-visitable.js';

/**
 * Of one player, for one instance. Whatever is agreed to can be withdrawn, and the host hears of each withdrawal:
 * no player may use up how many it listens to.
 */
export const CONSENT_RULE: AttemptRule = { name: 'consents', attempts: 30, windowSeconds: 3600 };

export interface GiveConsentDeps extends FindInstanceDeps {
  readonly consents: Pick<ConsentStore, 'find' | 'give'>;
  /** Counts by player and instance. */
  readonly consentLimit: AttemptLimiter;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Told of what has changed, for the audit. */
  readonly onConsent: (event: ConsentEvent) => void;
}

export interface ConsentEvent {
  readonly outcome: 'given' | 'withdrawn';
  readonly sub: string;
  readonly audience: string;
}

/**
 * Lets another instance know the player (P3.8). Given again, it stays what it is.
 * @throws AuthError instance_not_found, too_many_consents; StateUnavailableError
 */
export async function giveConsent(
  { consents, consentLimit, now, onConsent, ...deps }: GiveConsentDeps,
  { sub, audience }: { readonly sub: string; readonly audience: string },
): Promise<Visitable> {
  const instance = findInstance(deps, audience);
  if (instance === undefined) throw new AuthError('instance_not_found');
  const held = await consents.find({ sub, audience: instance.issuer, sessionId: undefined });
  if (held !== undefined && isCurrent(held, instance)) return visitable(instance, held);
  const outcome = await consentLimit.attempt(JSON.stringify([sub, instance.issuer]));
  if (!outcome.allowed) {
    throw new AuthError('too_many_consents', { retryAfterSeconds: outcome.retryAfterSeconds });
  }
  const { consent, isNew } = await consents.give({
    sub,
    audience: instance.issuer,
    version: CONSENT_VERSION,
    givenAtMs: now(),
    shares: instance.subject,
    grantId: newGrantId(),
  });
  if (isNew) onConsent({ outcome: 'given', sub, audience: instance.issuer });
  return visitable(instance, consent);
}
