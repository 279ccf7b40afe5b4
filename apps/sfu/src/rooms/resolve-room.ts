import { findNode, type NodeRegistry, type RoomRegistry } from '@romm-netplay/shared-state';
import { SocketError } from '../errors.js';

export interface ResolveRoomDeps {
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
 * node announces of itself and never the one in the room's record. @throws SocketError room_not_found
 */
export async function resolveRoom(
  { registry, nodes, nodeId, url }: ResolveRoomDeps,
  roomName: string,
): Promise<RoomLocation> {
  const record = await registry.resolve(roomName);
  if (record === undefined) throw new SocketError('room_not_found');
  const node = record.nodeId === nodeId ? { nodeId, url } : await findNode(nodes, record.nodeId);
  if (node === undefined) throw new SocketError('room_not_found');
  return { room_name: roomName, url: node.url, nodeId: node.nodeId };
}
