import type { RequestListener } from 'node:http';
import type { Peers } from '@romm-netplay/peers';
import {
  type CloseStack,
  createAddressOf,
  type IsOwnPage,
  type ListeningServer,
  type Logger,
} from '@romm-netplay/service-kit';
import type { SfuConfig } from '../config.js';
import { isPartnerOrigin } from '../guests/is-partner-origin.js';
import type { KeepPlaceDeps } from '../rooms/keep-place.js';
import { createPlayerBudgets } from '../signaling/player-budgets.js';
import { createRequestHandlers, type RequestHandlersDeps } from '../signaling/request-handlers.js';
import type { OpenSockets } from '../players/open-sockets.js';
import { createGateway } from '../socketio/gateway.js';
import type { WhoDeps } from '../romm/shown.js';
import { FIXED_LIMITS, type SocketLimits } from '../ws/limits.js';
import { attachSocketServer } from '../ws/socket-server.js';
import { createSocketSlots } from '../ws/socket-slots.js';

export interface SocketParts {
  readonly config: SfuConfig;
  readonly server: ListeningServer;
  /** Answers every request that belongs to no socket. */
  readonly api: RequestListener;
  readonly requestDeps: RequestHandlersDeps & WhoDeps & Pick<KeepPlaceDeps, 'steadyNow'>;
  readonly issuers: Pick<Peers, 'all'>;
  readonly sockets: OpenSockets;
  readonly graceMs: number;
  readonly isOwnPage: IsOwnPage;
  readonly limits: Partial<SocketLimits> | undefined;
  readonly log: Logger;
  readonly closing: CloseStack;
}

/** Both protocols on one port: the same sessions, rooms and limits behind them. Requests are served from now on. */
export function openSockets(parts: SocketParts) {
  const { config, server, api, requestDeps, issuers, sockets, graceMs, log, closing } = parts;
  const limits = { ...limitsOf(config), ...parts.limits };
  const slots = createSocketSlots(limits);
  const options = {
    slots,
    session: {
      ...requestDeps,
      sockets,
      budgets: createPlayerBudgets(limits),
      graceMs,
      handlers: createRequestHandlers(requestDeps),
      nodeId: config.nodeId,
      onUnexpected: (error: unknown, clientId: string) =>
        log.error({ err: error, clientId }, 'request failed'),
    },
    limits,
    isOwnPage: parts.isOwnPage,
    isPartnerOrigin: (origin: string | undefined) => isPartnerOrigin({ issuers }, origin),
    addressOf: createAddressOf(config.trustedProxies),
    allowQueryToken: config.allowQueryToken,
  };
  const gateway = createGateway(options);
  const { takesUpgrade } = gateway;
  const socketServer = attachSocketServer({ server, ...options, takesUpgrade });
  server.serve((request, response) => {
    if (!gateway.takesRequest(request, response)) api(request, response);
  });
  closing.defer(() => socketServer.close());
  closing.defer(() => gateway.close());
  return {
    connections: () => socketServer.connections + gateway.connections,
    shutSockets: () => slots.drain(),
  };
}

const limitsOf = (config: SfuConfig): SocketLimits => ({
  ...FIXED_LIMITS,
  maxSocketsPerAddress: config.maxSocketsPerAddress,
  textPerSecond: config.maxMessagesPerSecond,
  binaryPerSecond: config.maxFramesPerSecond,
});
