import { CONSENT_VERSION } from '@romm-netplay/protocol';
import { AuthError } from '../errors.js';
import { findInstance, type FindInstanceDeps } from '../federation/visits/find-instance.js';
import { type ConsentStore, newGrantId } from './consent-store.js';
import { type Visitable, visitable } from './list-visitable.js';

export interface GiveConsentDeps extends FindInstanceDeps {
  readonly consents: Pick<ConsentStore, 'give'>;
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

/** Lets another instance know the player (P3.8). Given again, it stays what it is. @throws AuthError instance_not_found */
export async function giveConsent(
  { consents, now, onConsent, ...deps }: GiveConsentDeps,
  { sub, audience }: { readonly sub: string; readonly audience: string },
): Promise<Visitable> {
  const instance = findInstance(deps, audience);
  if (instance === undefined) throw new AuthError('instance_not_found');
  const { consent, isNew } = await consents.give({
    sub,
    audience: instance.issuer,
    version: CONSENT_VERSION,
    givenAtMs: now(),
    grantId: newGrantId(),
  });
  if (isNew) onConsent({ outcome: 'given', sub, audience: instance.issuer });
  return visitable(instance, consent);
}
