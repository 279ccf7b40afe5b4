import { findNode, type NodeRegistry, type RoomRegistry } from '@romm-netplay/shared-state';
import { SocketError } from '../errors.js';
import { findsRecord, findsRoom } from '../guests/find-allowed.js';
import type { Caller } from './caller.js';
import { EventMessage } from '../players/event-message.js';
import type { Room } from './model/room.js';
import type { RoomDirectory } from './room-directory.js';

export interface FindRoomDeps {
  readonly directory: RoomDirectory;
  readonly registry: RoomRegistry;
  readonly nodes: NodeRegistry;
}

/**
 * The room, where this node hosts it or is the one it moved to. Of a room on another node the caller is told
 * where that is, as the node itself announces it: the url in a room's record sends nobody anywhere. A room that
 * a guest may not find is answered like one that does not exist.
 * @throws SocketError room_elsewhere; StateUnavailableError
 */
export async function findRoom(
  { directory, registry, nodes }: FindRoomDeps,
  caller: Caller,
  roomName: string,
): Promise<Room | undefined> {
  const { player } = caller;
  const allowed = (room: Room | undefined) =>
    room !== undefined && findsRoom(player, room) ? room : undefined;
  const room = directory.find(roomName);
  if (room !== undefined) return allowed(room);
  const record = await registry.resolve(roomName);
  if (record === undefined || !findsRecord(player, record)) return undefined;
  // On its way to us, or left over from before a restart.
  if (record.nodeId === directory.nodeId) return allowed(await directory.adopt(roomName));
  const node = await findNode(nodes, record.nodeId);
  // Another life of this very node, or one that nobody vouches for.
  if (node === undefined || node.url === directory.url) return undefined;
  const { url, nodeId } = node;
  caller.outbox.sendEvent(new EventMessage('room-redirect', { room_name: roomName, url, nodeId }));
  throw new SocketError('room_elsewhere');
}
