import { AUTH_API } from '@romm-netplay/protocol/auth-api';
import {
  type AttemptLimiter,
  type AttemptRule,
  createMemoryAttemptLimiter,
  type FirstUseStore,
  type HandoverRegistry,
  type IssuerFeed,
  type NodeRegistry,
  openRedisState,
  type RevocationFeed,
  type RoomMoves,
  type RoomRegistry,
  type SharedState,
} from '@romm-netplay/shared-state';
import type { WriteTokenConsumer } from '../ports.js';
import { createAuthApiClient } from './auth-api-client.js';
import { assertOk, codeOf, rethrowAsTrouble } from './auth-failure.js';
import { createHttpIssuerFeed } from './http-issuer-feed.js';
import { createHttpNodeRegistry } from './http-node-registry.js';
import { createHttpRevocationFeed } from './http-revocation-feed.js';
import { createHttpRoomRegistry } from './http-room-registry.js';
import { createHttpTokenConsumer } from './http-token-consumer.js';
import { createJtiConsumer } from './jti-consumer.js';

/** What a node needs of the rest of its instance, whichever way it reaches it. */
export interface SharedServices {
  readonly consumer: WriteTokenConsumer;
  /** First uses of what other instances minted; undefined where `consumer` uses that up as well (A3). */
  readonly firstUses: FirstUseStore | undefined;
  /** Other instances whose players may come here. */
  readonly issuers: IssuerFeed;
  /** Counts attempts: for all nodes together, but over auth for this one alone (A3). */
  readonly limiter: (rule: AttemptRule) => AttemptLimiter;
  readonly registry: RoomRegistry;
  readonly revocations: RevocationFeed;
  readonly nodes: NodeRegistry;
  /** What rooms change nodes through; undefined where there is no such way (A3). */
  readonly handover: { readonly registry: HandoverRegistry; readonly moves: RoomMoves } | undefined;
  /** Whether it is there and does its work; how long that took, in milliseconds. Rejects while it does not. */
  probe(): Promise<number>;
  /** What of its set-up breaks a promise sooner or later, a sentence each. */
  advice(): readonly string[];
  close(): Promise<void>;
}

/** Over state that auth shares: memory (A1) or Redis (A2). */
export const servicesOverState = (state: SharedState): SharedServices => ({
  consumer: createJtiConsumer(state.jtis),
  firstUses: state.firstUses,
  issuers: state.issuers,
  limiter: (rule) => state.limiter(rule),
  registry: state.rooms,
  revocations: state.revocations,
  nodes: state.nodes,
  handover: { registry: state.rooms, moves: state.moves },
  probe: () => state.probe(),
  advice: () => state.advice(),
  close: () => state.close(),
});

export async function servicesOverRedis(
  options: Parameters<typeof openRedisState>[0],
): Promise<SharedServices> {
  return servicesOverState(await openRedisState(options));
}

/** Over auth's internal endpoints (A3). */
export function servicesOverAuth(options: Parameters<typeof createAuthApiClient>[0]): SharedServices {
  const auth = createAuthApiClient(options);
  return {
    consumer: createHttpTokenConsumer(auth),
    firstUses: undefined,
    issuers: createHttpIssuerFeed(auth),
    limiter: createMemoryAttemptLimiter,
    registry: createHttpRoomRegistry(auth),
    revocations: createHttpRevocationFeed(auth),
    nodes: createHttpNodeRegistry(auth),
    handover: undefined,
    async probe() {
      const startedAt = performance.now();
      try {
        // A room that need not exist: what auth says of it proves that it is there and takes the secret.
        const { status, body } = await auth.get(`${AUTH_API.resolveRoom.path}?room=readiness`);
        if (codeOf(body) !== 'room_not_found') assertOk(status, body);
      } catch (error) {
        rethrowAsTrouble(error);
      }
      return performance.now() - startedAt;
    },
    advice: () => [],
    close: () => Promise.resolve(),
  };
}
