import type { Peers } from '@romm-netplay/peers';
import { CONSENT_VERSION } from '@romm-netplay/protocol';
import type { AUTH_API } from '@romm-netplay/protocol/auth-api';
import type { Handlers } from '@romm-netplay/service-kit';
import type { IssuerFeed } from '@romm-netplay/shared-state';
import { endGuests, type EndGuestsDeps } from '../federation/visits/end-guests.js';
import { authenticate, type AuthenticateDeps } from '../identity/authenticate.js';
import type { ConsentStore } from '../privacy/consent-store.js';
import { giveConsent, type GiveConsentDeps } from '../privacy/give-consent.js';
import { listVisitable } from '../privacy/list-visitable.js';
import { withdrawConsent, type WithdrawConsentDeps } from '../privacy/withdraw-consent.js';
import { type Caller, peerOf } from './server-access.js';

export interface VisitHandlersDeps
  extends AuthenticateDeps, GiveConsentDeps, WithdrawConsentDeps, EndGuestsDeps {
  readonly peers: Pick<Peers, 'get' | 'all'>;
  readonly consents: ConsentStore;
  /** What nodes follow, as auth published it. */
  readonly issuerFeed: IssuerFeed;
}

type VisitOperations =
  'listVisitable' | 'giveConsent' | 'withdrawConsent' | 'endGuests' | 'listTrustedIssuers';

/** Players of this instance at others, and players of others here (P2.9, P3.8). */
export function createVisitHandlers(
  deps: VisitHandlersDeps,
): Handlers<Pick<typeof AUTH_API, VisitOperations>, Caller> {
  return {
    async listVisitable({ headers: { authorization, cookie }, address }) {
      const { sub } = await authenticate(deps, { authorization, cookie, address });
      return { body: { consent_version: CONSENT_VERSION, instances: await listVisitable(deps, sub) } };
    },

    async giveConsent({ body: { audience }, headers: { authorization, cookie }, address }) {
      const { sub } = await authenticate(deps, { authorization, cookie, address });
      return { body: await giveConsent(deps, { sub, audience }) };
    },

    async withdrawConsent({ body: { audience }, headers: { authorization, cookie }, address }) {
      const { sub } = await authenticate(deps, { authorization, cookie, address });
      await withdrawConsent(deps, { sub, audience });
      return { body: { ok: true } };
    },

    async endGuests({ body, caller }) {
      const { issuer } = peerOf(caller);
      await endGuests(deps, { issuer, sessionIds: body.session_ids });
      return { body: { ok: true } };
    },

    async listTrustedIssuers({ query }) {
      const version = await deps.issuerFeed.version();
      if (version === query.version) return { body: { version } };
      const list = await deps.issuerFeed.list();
      return { body: { version: list.version, issuers: [...list.issuers] } };
    },
  };
}
