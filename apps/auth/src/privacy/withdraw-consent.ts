import { AuthError } from '../errors.js';
import { canonicalIssuer } from './find-instance.js';
import type { ConsentStore } from './consent-store.js';
import type { ConsentEvent } from './give-consent.js';

export interface WithdrawConsentDeps {
  readonly consents: Pick<ConsentStore, 'withdraw'>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly onConsent: (event: ConsentEvent) => void;
  /** Called when visits ended, so that their hosts are told at once. */
  readonly onVisitsEnded: () => void;
}

/**
 * Takes a consent back: nothing is minted for the instance any more, and it is told to end what the player does
 * there. Also of an instance that is suspended or not registered any more. @throws AuthError consent_not_found
 */
export async function withdrawConsent(
  { consents, now, onConsent, onVisitsEnded }: WithdrawConsentDeps,
  { sub, audience: text }: { readonly sub: string; readonly audience: string },
): Promise<void> {
  const audience = canonicalIssuer(text);
  if (audience === undefined || !(await consents.withdraw({ sub, audience }, now()))) {
    throw new AuthError('consent_not_found');
  }
  onConsent({ outcome: 'withdrawn', sub, audience });
  onVisitsEnded();
}
