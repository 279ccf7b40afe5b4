import { keyOfRecord, type RoomRecord } from '@romm-netplay/protocol';
import { findNode, type NodeRegistry, type RoomRegistry } from '@romm-netplay/shared-state';
import { SocketError } from '../errors.js';
import { findsRecord, findsRoom } from '../guests/find-allowed.js';
import { EventMessage } from '../players/event-message.js';
import type { Player } from '../players/player.js';
import type { Caller } from './caller.js';
import type { Room } from './model/room.js';
import type { RoomDirectory } from './room-directory.js';
import { type Found, lookUp, type RoomReference } from './room-reference.js';

export interface FindRoomDeps {
  readonly directory: RoomDirectory;
  readonly registry: RoomRegistry;
  readonly nodes: NodeRegistry;
  /** URLs of romm-sfu-server nodes, which announce rooms and not themselves, that players may be sent to. */
  readonly legacyNodes: readonly string[];
}

/**
 * The room, where this node hosts it or is the one it moved to. Of a room on another node the caller is told
 * where that is, as the node itself announces it: the url in a room's record sends nobody anywhere, but to a
 * node that an administrator listed. A room that a guest may not find is answered like one that does not exist.
 * @throws SocketError room_elsewhere, room_ambiguous, node_not_allowed; StateUnavailableError
 */
export async function findRoom(
  deps: FindRoomDeps,
  caller: Caller,
  reference: RoomReference,
): Promise<Room | undefined> {
  const { directory } = deps;
  const isShown = shownTo(caller.player);
  const found = await lookUp(deps, reference, isShown);
  if (found === undefined) return undefined;
  if ('room' in found) return found.room;
  const { record } = found;
  // On its way to us, or left over from before a restart.
  if (record.nodeId === directory.nodeId) {
    const room = await directory.adopt(keyOfRecord(record));
    return room !== undefined && isShown({ room }) ? room : undefined;
  }
  const node = await locate(deps, record);
  // Another life of this very node, or one that nobody vouches for.
  if (node === undefined || node.url === directory.url) return undefined;
  const where = { room_name: record.room_name, url: node.url, nodeId: node.nodeId };
  caller.outbox.sendEvent(new EventMessage('room-redirect', where));
  throw new SocketError('room_elsewhere');
}

/** What a player may know of. */
export const shownTo =
  (player: Player) =>
  (found: Found): boolean =>
    'room' in found ? findsRoom(player, found.room) : findsRecord(player, found.record);

/**
 * The node that hosts a room, and where that is; undefined for one that is gone.
 * @throws SocketError node_not_allowed; StateUnavailableError
 */
export async function locate(
  { nodes, legacyNodes }: Pick<FindRoomDeps, 'nodes' | 'legacyNodes'>,
  record: RoomRecord,
): Promise<{ readonly url: string; readonly nodeId: string } | undefined> {
  const { nodeId, url } = record;
  const node = await findNode(nodes, nodeId);
  // Nodes of our kind register rooms under keys, and vouch for themselves.
  if (node !== undefined || record.room_key !== undefined) return node;
  const listed = legacyNodes.find((known) => known === url.replace(/\/+$/, ''));
  if (listed !== undefined) return { url: listed, nodeId };
  throw new SocketError('node_not_allowed');
}
