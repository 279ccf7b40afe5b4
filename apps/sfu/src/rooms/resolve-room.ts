import { findNode, type NodeRegistry, type RoomRegistry } from '@romm-netplay/shared-state';
import { SocketError } from '../errors.js';
import { assertMay, type GuestDeps } from '../guests/assert-may.js';
import { findsRecord } from '../guests/find-allowed.js';
import type { Player } from '../players/player.js';

export interface ResolveRoomDeps extends GuestDeps {
  readonly registry: RoomRegistry;
  readonly nodes: NodeRegistry;
  /** Of this node. */
  readonly nodeId: string;
  readonly url: string;
}

export interface RoomLocation {
  readonly room_name: string;
  readonly url: string;
  readonly nodeId: string;
}

/**
 * Which node hosts a room, and where that is. Clients connect to what this answers, so the url is the one the
 * node announces of itself and never the one in the room's record.
 * @throws SocketError issuer_not_permitted, banned_here, room_not_found; StateUnavailableError
 */
export async function resolveRoom(
  deps: ResolveRoomDeps,
  player: Player,
  roomName: string,
): Promise<RoomLocation> {
  const { registry, nodes, nodeId, url } = deps;
  assertMay(deps, player, 'rooms:list');
  const record = await registry.resolve(roomName);
  if (record === undefined || !findsRecord(player, record)) throw new SocketError('room_not_found');
  const node = record.nodeId === nodeId ? { nodeId, url } : await findNode(nodes, record.nodeId);
  if (node === undefined) throw new SocketError('room_not_found');
  return { room_name: roomName, url: node.url, nodeId: node.nodeId };
}
