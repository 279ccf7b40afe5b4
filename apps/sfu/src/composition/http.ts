import type { RequestListener } from 'node:http';
import { diagnose } from '@romm-netplay/doctor';
import { openApiDocument } from '@romm-netplay/protocol';
import { SFU_API } from '@romm-netplay/protocol/sfu-api';
import {
  checkReadiness,
  type Components,
  createApiListener,
  type IsOwnPage,
  type Logger,
} from '@romm-netplay/service-kit';
import type { NodeRegistry } from '@romm-netplay/shared-state';
import type { SfuConfig } from '../config.js';
import { createNodeExamination } from '../doctor/examine-node.js';
import { createHandlers, type HandlersDeps } from '../http/handlers.js';
import { legacyError } from '../http/legacy-error.js';
import { createServerAccess } from '../http/server-access.js';
import { iceServersFor, iceWarnings } from '../ice/ice-servers.js';
import { translateError } from '../signaling/http-refusal.js';

/** The OpenAPI 3.1 document of this service. */
export const openApi = openApiDocument(
  { title: 'RomM netplay SFU', version: '0.1.0', playerCookie: 'romm_sfu_token' },
  SFU_API,
);

export function httpListener(
  { adminApiKey, allowedOrigins, allowQueryToken, authIssuer, trustedProxies }: SfuConfig,
  {
    isOwnPage,
    ...deps
  }: Omit<HandlersDeps, 'allowQueryToken'> & {
    readonly isOwnPage: IsOwnPage;
  },
  log: Logger,
): RequestListener {
  return createApiListener({
    api: SFU_API,
    openApi,
    translate: translateError,
    problemMembers: legacyError,
    authorize: createServerAccess(adminApiKey, isOwnPage),
    trustedProxies,
    // The page that auth serves talks to nodes.
    allowedOrigins: [...allowedOrigins, new URL(authIssuer).origin],
    log,
    handlers: createHandlers({
      ...deps,
      allowQueryToken,
    }),
  });
}

/** Within these, an operator waits for the doctor. */
const DOCTOR_LIMITS = { timeoutMs: 3_000, totalMs: 10_000 };

export interface DoctorParts {
  readonly config: SfuConfig;
  readonly nodes: NodeRegistry;
  readonly components: Components;
  readonly port: number;
  readonly now: () => number;
  readonly isIdDisputed: () => boolean;
}

/** What the node tells of itself to players and to the doctor. */
export function doctorDeps({ config, nodes, components, port, now, isIdDisputed }: DoctorParts) {
  const { authIssuer: issuer, nodeId, ice, clockSkewSeconds, rommIdentity } = config;
  const { publicUrl, devIdentity, allowQueryToken, accept, seatsPerPlayer } = config;
  const url = publicUrl ?? `http://localhost:${port}`;
  return {
    nodeId,
    url,
    issuer,
    clockSkewSeconds,
    rommIdentity,
    announcedIp: ice.announcedIp,
    iceServersFor: (playerId: string) => iceServersFor(ice, playerId, now()),
    examine: createNodeExamination({
      nodeId,
      nodes,
      facts: {
        ...{ publicUrl, devIdentity, allowQueryToken, accept, rommIdentity, seatsPerPlayer },
        warnings: iceWarnings(ice),
      },
      readiness: () => checkReadiness(components, []),
      isIdDisputed,
      // The node's own configuration says whom to ask; a request never does.
      lookFromOutside: () => diagnose({ authUrl: issuer, sfuUrl: url, now, ...DOCTOR_LIMITS }),
    }),
    now,
  };
}
