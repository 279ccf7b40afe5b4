import { SocketError } from '../errors.js';
import { assertMay, type GuestDeps } from '../guests/assert-may.js';
import type { Player } from '../players/player.js';
import { type FindRoomDeps, locate, shownTo } from './find-room.js';
import { lookUp, type RoomReference } from './room-reference.js';

export type ResolveRoomDeps = GuestDeps & FindRoomDeps;

export interface RoomLocation {
  readonly room_name: string;
  readonly url: string;
  readonly nodeId: string;
}

/**
 * Which node hosts a room, and where that is. Clients connect to what this answers, so the url is the one the
 * node announces of itself and never the one in the room's record, unless an administrator listed that.
 * @throws SocketError issuer_not_permitted, banned_here, room_not_found, room_ambiguous, node_not_allowed;
 * StateUnavailableError
 */
export async function resolveRoom(
  deps: ResolveRoomDeps,
  player: Player,
  reference: RoomReference,
): Promise<RoomLocation> {
  const { nodeId, url } = deps.directory;
  assertMay(deps, player, 'rooms:list');
  const found = await lookUp(deps, reference, shownTo(player));
  if (found === undefined) throw new SocketError('room_not_found');
  const here = { nodeId, url };
  if ('room' in found) return { room_name: found.room.name, ...here };
  const { record } = found;
  const node = record.nodeId === nodeId ? here : await locate(deps, record);
  if (node === undefined) throw new SocketError('room_not_found');
  return { room_name: record.room_name, url: node.url, nodeId: node.nodeId };
}
