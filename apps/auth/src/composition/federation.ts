import { createPeers, type Peers } from '@romm-netplay/peers';
import {
  createSteadyClock,
  type Audit,
  type CloseStack,
  createLapsesByKey,
  type Lapses,
  type Logger,
  peerLines,
} from '@romm-netplay/service-kit';
import type { SharedState } from '@romm-netplay/shared-state';
import type { TokenIssuer } from '@romm-netplay/token-core';
import type { Database } from '../adapters/sql/database.js';
import { createSqlConsentStore } from '../adapters/sql/sql-consent-store.js';
import { createSqlEndedVisitStore } from '../adapters/sql/sql-ended-visit-store.js';
import { createSqlInvitationStore } from '../adapters/sql/sql-invitation-store.js';
import { createSqlIssuerRegistry } from '../adapters/sql/sql-issuer-registry.js';
import { createSqlSecretStore } from '../adapters/sql/sql-secret-store.js';
import { type PeerWatch, startWatchingPeers } from '../federation/discovery/watch-peers.js';
import { createInvitationLimits } from '../federation/invitation-limits.js';
import { type IssuerPublisher, startPublishingIssuers } from '../federation/publish-issuers.js';
import { SHARED_ROOMS_RULE } from '../federation/discovery/share-rooms.js';
import { ENDED_GUESTS_RULE } from '../federation/visits/end-guests.js';
import { startTellingHosts } from '../federation/visits/keep-telling-hosts.js';
import { PAIRWISE_SECRET } from '../federation/visits/visiting-subject.js';
import { instanceSecret } from '../keys/instance-secret.js';
import type { KeyManagementDeps } from '../keys/key-management.js';
import { CONSENT_RULE, type ConsentEvent } from '../privacy/give-consent.js';

/** What the parts that have to do with other instances are built with. */
export interface FederationParts {
  readonly state: SharedState;
  readonly database: Database;
  readonly closing: CloseStack;
  readonly log: Logger;
  readonly lapses: Lapses;
  readonly audit: Audit;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** The registered issuers are kept in the database; every process learns of them from what is published. */
export async function publishIssuers({
  state,
  database,
  closing,
  log,
  lapses,
  now,
}: FederationParts): Promise<IssuerPublisher> {
  const publisher = await startPublishingIssuers({
    registry: createSqlIssuerRegistry(database.sql, { now }),
    published: state.issuers,
    ...lapses({
      failing: 'registered issuers not published',
      mended: 'registered issuers are published again',
    }),
    onSetBack: () =>
      log.warn('The database knows less of issuers than was published; if it was restored, check the list.'),
  });
  closing.defer(() => publisher.close());
  return publisher;
}

/** Changing who is registered, and inviting others. */
export const registryDeps = (
  { state, database, now }: FederationParts,
  publisher: IssuerPublisher,
  peers: Peers,
) => ({
  issuers: createSqlIssuerRegistry(database.sql, { now }),
  issuersChanged: () => publisher.publish().then(() => peers.refresh()),
  invitations: createSqlInvitationStore(database.sql, { now }),
  invitationLimits: createInvitationLimits((rule) => state.limiter(rule)),
});

/** Other instances, as the registry names them from moment to moment. */
export async function followPeers({ state, closing, lapses, now }: FederationParts): Promise<Peers> {
  const peers = createPeers({
    registry: state.issuers,
    now: createSteadyClock(now),
    ...peerLines(lapses, {
      all: { failing: 'other instances not followed', mended: 'other instances are followed again' },
      one: {
        failing: 'keys of another instance not fetched',
        mended: 'keys of another instance are fetched',
      },
    }),
  });
  closing.defer(() => peers.close());
  // Whoever calls right after the start finds the others known.
  await peers.refresh();
  return peers;
}

/** What other instances tell of their rooms. */
export function watchPeers(
  { closing, lapses, now }: FederationParts,
  peers: Peers,
  issuer: TokenIssuer,
): PeerWatch {
  const watch = startWatchingPeers({
    peers,
    issueAssertion: (audience) => issuer.issueAssertion(audience),
    now,
    ...createLapsesByKey((peer) =>
      lapses(
        {
          failing: 'rooms of another instance not known',
          mended: 'rooms of another instance are known again',
          level: 'warn',
        },
        { peer },
      ),
    ),
  });
  closing.defer(() => watch.close());
  return watch;
}

/** Players of this instance at others, and how others end what their players do here. */
export async function visitDeps(
  { state, database, closing, log, lapses, audit, now }: FederationParts,
  peers: Peers,
  issuer: TokenIssuer,
  { cipher }: KeyManagementDeps,
) {
  const secrets = createSqlSecretStore(database.sql);
  const untold = createLapsesByKey((peer) =>
    lapses(
      {
        failing: 'ended visits not told; tried again later',
        mended: 'ended visits are told',
        level: 'warn',
      },
      { peer },
    ),
  );
  const teller = startTellingHosts({
    endedVisits: createSqlEndedVisitStore(database.sql),
    peers,
    issuer,
    now,
    onUntold: (peer, error) => untold.onError(error, peer),
    onTold: untold.onMended,
    onGivenUp: (peer, visits) => log.error({ peer, visits }, 'ended visits not told for a day; given up'),
    ...lapses({ failing: 'ended visits not looked for', mended: 'ended visits are looked for again' }),
  });
  closing.defer(() => teller.close());
  return {
    secrets,
    pairwiseSecret: await instanceSecret({ secrets, cipher }, PAIRWISE_SECRET),
    consents: createSqlConsentStore(database.sql),
    consentLimit: state.limiter(CONSENT_RULE),
    onConsent: ({ outcome, ...details }: ConsentEvent) => audit(`consent.${outcome}`, { ...details }),
    onVisitsEnded: () => teller.announce(),
    endedGuests: state.limiter(ENDED_GUESTS_RULE),
    sharedRooms: state.limiter(SHARED_ROOMS_RULE),
    issuerFeed: state.issuers,
  };
}
