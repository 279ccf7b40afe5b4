import {
  MAX_SHARED_NODES,
  MAX_SHARED_ROOMS,
  type RegisteredIssuer,
  type RoomRecord,
  sharedRoom,
  type SharedRoom,
  type SharedRooms,
} from '@romm-netplay/protocol';
import type { AttemptLimiter, AttemptRule, NodeRegistry, RoomRegistry } from '@romm-netplay/shared-state';
import { AuthError } from '../../errors.js';

/** A partner's replicas ask every five seconds at most, each for itself; this is twenty-five of them. */
export const SHARED_ROOMS_RULE: AttemptRule = { name: 'shared-rooms', attempts: 300, windowSeconds: 60 };

export interface ShareRoomsDeps {
  readonly rooms: Pick<RoomRegistry, 'list'>;
  readonly nodes: Pick<NodeRegistry, 'list'>;
  /** Issuer URL of this instance. */
  readonly audience: string;
  /** Counts by issuer. */
  readonly sharedRooms: AttemptLimiter;
}

/**
 * What another instance may know of the rooms here (P2.8): those that are federated and admit it, with what
 * `sharedRoom` names of them and nothing else, at the address that the hosting node announces of itself.
 * @throws AuthError peer_not_permitted, too_many_calls; StateUnavailableError
 */
export async function shareRooms(
  { rooms, nodes, audience, sharedRooms }: ShareRoomsDeps,
  peer: RegisteredIssuer,
): Promise<SharedRooms> {
  if (!peer.permissions.includes('rooms:list')) throw new AuthError('peer_not_permitted');
  const outcome = await sharedRooms.attempt(peer.issuer);
  if (!outcome.allowed) {
    throw new AuthError('too_many_calls', { retryAfterSeconds: outcome.retryAfterSeconds });
  }
  const [records, live] = await Promise.all([rooms.list(), nodes.list()]);
  const urlOf = new Map(live.map(({ nodeId, url }) => [nodeId, url]));
  const shared = records
    .filter((record) => admits(record, peer.issuer))
    .flatMap((record) => describe(record, urlOf.get(record.nodeId)))
    // In one order, whoever is asked: equal lists have equal entity tags.
    .sort((one, other) => (one.room_name < other.room_name ? -1 : 1));
  return {
    issuer: audience,
    permissions: peer.permissions,
    nodes: [...new Set(urlOf.values())].sort().slice(0, MAX_SHARED_NODES),
    rooms: shared.slice(0, MAX_SHARED_ROOMS),
  };
}

function admits({ visibility, admits: admitted }: RoomRecord, issuer: string): boolean {
  if (visibility !== 'federated') return false;
  return admitted === undefined || (Array.isArray(admitted) && admitted.includes(issuer));
}

/** A room whose node is not there, or whose record holds what no other instance could read, is left out. */
function describe(record: RoomRecord, url: string | undefined): SharedRoom[] {
  const parsed = sharedRoom.safeParse({ ...record, url });
  return parsed.success ? [parsed.data] : [];
}
