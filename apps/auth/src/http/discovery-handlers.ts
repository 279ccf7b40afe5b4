import type { AUTH_API } from '@romm-netplay/protocol/auth-api';
import { entityTag, type Handlers, matchesEntityTag } from '@romm-netplay/service-kit';
import {
  listFederatedRooms,
  type ListFederatedRoomsDeps,
} from '../federation/discovery/list-federated-rooms.js';
import { shareRooms, type ShareRoomsDeps } from '../federation/discovery/share-rooms.js';
import { authenticate, type AuthenticateDeps } from '../identity/authenticate.js';
import { type Caller, peerOf } from './server-access.js';

export interface DiscoveryHandlersDeps extends AuthenticateDeps, ListFederatedRoomsDeps, ShareRoomsDeps {}

/** Rooms of several instances in one list (P2.8). */
export function createDiscoveryHandlers(
  deps: DiscoveryHandlersDeps,
): Handlers<Pick<typeof AUTH_API, 'federatedRooms' | 'shareRooms'>, Caller> {
  return {
    async federatedRooms({ query, headers: { authorization, cookie }, address }) {
      const { sub } = await authenticate(deps, { authorization, cookie, address });
      return { body: await listFederatedRooms(deps, { sub, gameId: query.game_id }) };
    },

    async shareRooms({ caller, headers: { 'if-none-match': ifNoneMatch } }) {
      const body = await shareRooms(deps, peerOf(caller));
      const etag = entityTag(body);
      return { body, headers: { etag }, status: matchesEntityTag(ifNoneMatch, etag) ? 304 : 200 };
    },
  };
}
