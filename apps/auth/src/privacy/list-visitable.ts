import type { Peers } from '@romm-netplay/peers';
import type { RegisteredIssuer } from '@romm-netplay/protocol';
import { type Consent, type ConsentStore, isCurrent } from './consent-store.js';

export interface Visitable {
  readonly issuer: string;
  readonly label: string;
  readonly shares: RegisteredIssuer['subject'];
  readonly may_visit: boolean;
  readonly consent: { readonly version: number; readonly given_at: string } | null;
}

/** The instances a player may be told of, and what the player agreed to (P3.8). @throws StateUnavailableError */
export async function listVisitable(
  deps: { readonly peers: Pick<Peers, 'all'>; readonly consents: Pick<ConsentStore, 'list'> },
  sub: string,
): Promise<Visitable[]> {
  const active = deps.peers.all().filter(({ state }) => state === 'active');
  const consents = await deps.consents.list(sub);
  const consentTo = new Map(consents.map((consent) => [consent.audience, consent]));
  return active.map((instance) => visitable(instance, consentTo.get(instance.issuer)));
}

export const visitable = (instance: RegisteredIssuer, consent: Consent | undefined): Visitable => ({
  issuer: instance.issuer,
  label: instance.label,
  shares: instance.subject,
  may_visit: instance.players_may_visit,
  consent:
    consent === undefined || !isCurrent(consent, instance)
      ? null
      : { version: consent.version, given_at: new Date(consent.givenAtMs).toISOString() },
});
