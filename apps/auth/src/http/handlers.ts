import type { Peers } from '@romm-netplay/peers';
import { AUTH_API } from '@romm-netplay/protocol/auth-api';
import { type Readiness, SUBPROTOCOL } from '@romm-netplay/protocol';
import type { Components, Handlers } from '@romm-netplay/service-kit';
import type { NodeRegistry, RevocationLog, RoomRegistry } from '@romm-netplay/shared-state';
import { arrivedOf, checkReadiness, entityTag, matchesEntityTag } from '@romm-netplay/service-kit';
import { SIGNING_ALGS } from '@romm-netplay/token-core';
import type { ConsentStore } from '../privacy/consent-store.js';
import { mintToken, type MintTokenDeps } from '../tokens/mint-token.js';
import type { AuthenticatePeerDeps } from '../federation/authenticate-peer.js';
import {
  createFederationAdminHandlers,
  type FederationAdminHandlersDeps,
} from './federation-admin-handlers.js';
import { createIssuerHandlers, type IssuerHandlersDeps } from './issuer-handlers.js';
import { createInternalHandlers, type InternalHandlersDeps } from './internal-handlers.js';
import { createKeyHandlers, type KeyHandlersDeps } from './key-handlers.js';
import { createPlayerAdminHandlers, type PlayerAdminHandlersDeps } from './player-admin-handlers.js';
import type { Caller } from './server-access.js';
import { createSessionHandlers, type SessionHandlersDeps } from './session-handlers.js';
import { createDiscoveryHandlers, type DiscoveryHandlersDeps } from './discovery-handlers.js';
import { createVisitHandlers, type VisitHandlersDeps } from './visit-handlers.js';

export interface HandlersDeps
  extends
    MintTokenDeps,
    InternalHandlersDeps,
    SessionHandlersDeps,
    PlayerAdminHandlersDeps,
    KeyHandlersDeps,
    IssuerHandlersDeps,
    FederationAdminHandlersDeps,
    VisitHandlersDeps,
    DiscoveryHandlersDeps,
    AuthenticatePeerDeps {
  readonly peers: Peers;
  readonly consents: ConsentStore;
  readonly rooms: RoomRegistry;
  readonly nodes: NodeRegistry;
  readonly revocationLog: RevocationLog;
  /** How long verifiers may use the published set, and then how long a stale one while they renew it. */
  readonly jwksMaxAgeSeconds: number;
  readonly components: Components;
  readonly warnings: readonly string[];
}

export function createHandlers(deps: HandlersDeps): Handlers<typeof AUTH_API, Caller> {
  return {
    ...createSessionHandlers(deps),
    ...createPlayerAdminHandlers(deps),
    ...createKeyHandlers(deps),
    ...createIssuerHandlers(deps),
    ...createFederationAdminHandlers(deps),
    ...createVisitHandlers(deps),
    ...createDiscoveryHandlers(deps),
    ...createInternalHandlers(deps),

    async mintToken({ body: { token_type: tokenType, audience }, headers, address }) {
      const { authorization, cookie } = headers;
      const credentials = { authorization, cookie, address };
      const issued = await mintToken(deps, { credentials, tokenType, audience });
      return { body: { token: issued.token, token_type: 'bearer', expires: issued.expiresInSeconds } };
    },

    jwks({ headers: { 'if-none-match': ifNoneMatch } }) {
      const body = { keys: deps.keys.published().map((key) => ({ ...key })) };
      const etag = entityTag(body);
      const { jwksMaxAgeSeconds: seconds } = deps;
      const headers = {
        etag,
        'cache-control': `public, max-age=${seconds}, stale-while-revalidate=${seconds}`,
      };
      return { body, headers, status: matchesEntityTag(ifNoneMatch, etag) ? 304 : 200 };
    },

    configuration() {
      const { audience: issuer, jwksMaxAgeSeconds: seconds } = deps;
      const body = {
        issuer,
        jwks_uri: `${issuer}${AUTH_API.jwks.path}`,
        token_endpoint: `${issuer}${AUTH_API.mintToken.path}`,
        token_types_supported: ['sfu:read', 'sfu:write'],
        id_token_signing_alg_values_supported: [...SIGNING_ALGS],
        protocol_versions_supported: [SUBPROTOCOL],
        identity_providers_supported: deps.providers.map(({ name }) => name),
      };
      return { body, headers: { 'cache-control': `public, max-age=${seconds}` } };
    },

    doctorEcho: ({ headers }) => ({ body: arrivedOf(headers, deps.now()) }),

    health: () => ({ body: { status: 'ok' } }),

    async readiness() {
      const readiness = await checkReadiness(deps.components, deps.warnings);
      const body = { ...readiness, warnings: [...readiness.warnings, ...troublesOf(deps, readiness)] };
      return { body, status: body.status === 'ready' ? 200 : 503 };
    },
  };
}

/** Why nobody of a provider can sign in just now, where the component of its name does not say it already. */
const troublesOf = ({ providers }: HandlersDeps, { components }: Readiness): string[] =>
  providers
    .filter(({ name }) => components[name]?.state !== 'down')
    .flatMap((provider) => provider.trouble?.() ?? []);
