import type { Peers } from '@romm-netplay/peers';
import type { Audit, MigrationWatch } from '@romm-netplay/service-kit';
import {
  createCachedVerifier,
  createGuestVerifier,
  createMigrationVerifier,
  createRevocableVerifier,
  type KeySet,
  type TokenVerifier,
  type TrustedIssuers,
} from '@romm-netplay/token-core';
import type { SharedServices } from '../adapters/shared-services.js';
import type { SfuConfig } from '../config.js';
import { createEntryCount } from '../guests/count-entry.js';
import { ownIssuers } from '../players/own-issuers.js';
import type { WriteTokenConsumer } from '../ports.js';
import { consumeByIssuer } from '../tokens/consume-by-issuer.js';
import { acceptDevIds } from '../tokens/dev-identity.js';
import type { IdentifyDeps } from '../tokens/identify.js';
import { tokenPolicy } from '../tokens/token-policy.js';
import type { UseWriteTokenDeps } from '../tokens/use-write-token.js';

export interface TokenParts {
  readonly config: SfuConfig;
  readonly services: SharedServices;
  /** Of this instance. */
  readonly keys: KeySet;
  readonly issuers: Peers;
  readonly isRevoked: (sessionRef: string) => boolean;
  readonly watch: MigrationWatch;
  readonly audit: Audit;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** How tokens are verified and used up, of this instance and of others. */
export function judgeTokens(parts: TokenParts): UseWriteTokenDeps & IdentifyDeps {
  const { config, services, issuers, isRevoked, watch, audit, now } = parts;
  const verifier = createRevocableVerifier(verifierOf(parts), isRevoked);
  const judges = { verifier, consumer: consumerOf(parts) };
  return {
    ...(config.devIdentity ? acceptDevIds(judges, { issuer: config.authIssuer, now }) : judges),
    policy: tokenPolicy(config.accept),
    issuers,
    isOwn: ownIssuers(config.authIssuer),
    countEntry: createEntryCount({ issuers, limiter: services.limiter }),
    onReadTokenJoin: (claims) => watch('read-token-join', claims),
    onGuest: ({ issuer, sub, playerId, name }) =>
      audit('guest.entered', { iss: issuer, sub, player_id: playerId, name }),
  };
}

/** Tokens of this instance by its own keys, whatever becomes of the registry; those of others by theirs. */
function verifierOf({ config, keys, issuers, watch, now }: TokenParts): TokenVerifier {
  const { authIssuer, clockSkewSeconds, accept } = config;
  const trustedIssuers: TrustedIssuers = (issuer) => (issuer === authIssuer ? keys : issuers.trusted(issuer));
  const verifier = createCachedVerifier({ trustedIssuers, audience: authIssuer, clockSkewSeconds, now });
  return createMigrationVerifier(createGuestVerifier(verifier, ownIssuers(authIssuer)), {
    hs256Secret: accept.hs256Secret,
    clockSkewSeconds,
    now,
    onUse: watch,
  });
}

/** Uses tokens up in the way that whoever minted them asks for. */
function consumerOf({ config, services: { consumer: own, firstUses } }: TokenParts): WriteTokenConsumer {
  const { authIssuer, clockSkewSeconds } = config;
  if (firstUses === undefined) return own;
  return consumeByIssuer({ own, firstUses, isOwn: ownIssuers(authIssuer), clockSkewSeconds });
}
