import type { NodeRecord } from '@romm-netplay/protocol';
import { isWrittenByItself, type NodeRegistry } from '@romm-netplay/shared-state';
import { AuthError } from '../errors.js';

export interface NodesDeps {
  readonly nodes: NodeRegistry;
  /** Of nodes that have a secret of their own, by node id. */
  readonly internalSecrets: Readonly<Record<string, string>>;
}

/** Writes or refreshes what a node without Redis tells of itself (A3). @throws AuthError */
export async function registerNode({ nodes, internalSecrets }: NodesDeps, record: NodeRecord): Promise<void> {
  const isGuarded = ({ nodeId, url }: NodeRecord) =>
    nodeId !== record.nodeId && url === record.url && Object.hasOwn(internalSecrets, nodeId);
  if ((await nodes.list()).some(isGuarded)) throw new AuthError('node_held_elsewhere');
  // Whoever takes over rooms does so through Redis, which a node that asks here does not have.
  const outcome = await nodes.upsert({ ...record, adopts: false, byAuth: true });
  if (outcome === 'held-by-other-node') throw new AuthError('node_held_elsewhere');
  if (outcome === 'full') throw new AuthError('too_many_nodes');
}

/** Forgets a node that stops, unless it writes itself. @throws AuthError node_held_elsewhere */
export async function unregisterNode(
  { nodes }: Pick<NodesDeps, 'nodes'>,
  { nodeId, startedAtMs }: Pick<NodeRecord, 'nodeId' | 'startedAtMs'>,
): Promise<void> {
  if (isWrittenByItself(await nodes.list(), { nodeId })) throw new AuthError('node_held_elsewhere');
  await nodes.remove(nodeId, startedAtMs);
}
