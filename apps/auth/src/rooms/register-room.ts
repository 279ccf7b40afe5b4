import type { RoomRecord } from '@romm-netplay/protocol';
import { isWrittenByItself, type NodeRegistry, type RoomRegistry } from '@romm-netplay/shared-state';
import { AuthError } from '../errors.js';

export interface RoomsDeps {
  readonly rooms: RoomRegistry;
  readonly nodes: NodeRegistry;
  /** Of nodes that have a secret of their own, by node id. */
  readonly internalSecrets: Readonly<Record<string, string>>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/**
 * Writes or refreshes the record of a room that a node without Redis hosts (P1.7); none under the name or the
 * address of a node that writes itself. @throws AuthError room_held_elsewhere
 */
export async function registerRoom(deps: RoomsDeps, record: RoomRecord): Promise<void> {
  const { rooms, nodes, now } = deps;
  const live = await nodes.list();
  if (isWrittenByItself(live, record)) throw new AuthError('room_held_elsewhere');
  const knownByUrl = isOlder(record) && !live.some(({ nodeId }) => nodeId === record.nodeId);
  if (knownByUrl && (await isOfGuardedNode(deps, record))) throw new AuthError('room_held_elsewhere');
  const written = { updatedAt: now(), ...record, byAuth: true };
  const outcome = await rooms.upsert(written, { knownByUrl });
  if (outcome === 'held-by-other-node') throw new AuthError('room_held_elsewhere');
}

/** Servers that know no keys, and nothing of the list of nodes, may make up an id at each start. */
const isOlder = ({ room_key: key }: RoomRecord): boolean => key === undefined;

async function isOfGuardedNode(
  { rooms, internalSecrets }: RoomsDeps,
  { room_name: name, nodeId }: RoomRecord,
): Promise<boolean> {
  const guarded = (id: string) => id !== nodeId && Object.hasOwn(internalSecrets, id);
  return (await rooms.findByName(name)).some((held) => guarded(held.nodeId));
}
