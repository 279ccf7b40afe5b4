import type { NodeRecord } from '@romm-netplay/protocol';
import { isWrittenByItself, type NodeRegistry } from '@romm-netplay/shared-state';
import { AuthError } from '../errors.js';

export interface NodesDeps {
  readonly nodes: NodeRegistry;
}

/** Writes or refreshes what a node without Redis tells of itself (A3). @throws AuthError */
export async function registerNode({ nodes }: NodesDeps, record: NodeRecord): Promise<void> {
  // Whoever takes over rooms does so through Redis, which a node that asks here does not have.
  const outcome = await nodes.upsert({ ...record, adopts: false, byAuth: true });
  if (outcome === 'held-by-other-node') throw new AuthError('node_held_elsewhere');
  if (outcome === 'full') throw new AuthError('too_many_nodes');
}

/** Forgets a node that stops, unless it writes itself. @throws AuthError node_held_elsewhere */
export async function unregisterNode(
  { nodes }: NodesDeps,
  { nodeId, startedAtMs }: Pick<NodeRecord, 'nodeId' | 'startedAtMs'>,
): Promise<void> {
  if (isWrittenByItself(await nodes.list(), { nodeId })) throw new AuthError('node_held_elsewhere');
  await nodes.remove(nodeId, startedAtMs);
}
