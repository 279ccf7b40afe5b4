import type { LiveNode, NodeRecord } from '@romm-netplay/protocol';

/** A node that has told nothing for this long counts as gone. */
export const NODE_TTL_MS = 10_000;
/** More nodes of each kind, those that write themselves and those that auth writes, are refused: whoever can write here must not fill the memory. */
export const MAX_NODES = 256;

export interface NodeRegistryOptions {
  /** How long a record lives without a refresh. */
  readonly ttlMs?: number;
}

export type NodeUpsertOutcome = 'stored' | 'held-by-other-node' | 'full';

/**
 * Which SFU nodes an instance has. Each tells of itself every few seconds; one that falls silent vanishes by
 * itself. Every method rejects with StateUnavailableError when the state is away.
 */
export interface NodeRegistry {
  /**
   * Writes a record and lets it live. A live record under the same id is the node's own if its url is. What auth
   * writes for a node without Redis (`byAuth`) never takes the id or the url of one that writes itself.
   */
  upsert(record: NodeRecord): Promise<NodeUpsertOutcome>;
  /** Removes a node; only the life that started then, not one that has taken its place meanwhile. */
  remove(nodeId: string, startedAtMs: number): Promise<void>;
  /** Every live node. */
  list(): Promise<LiveNode[]>;
}

/** Whether a node that writes itself has this id or this url: no other may speak for it. */
export const isWrittenByItself = (
  nodes: readonly NodeRecord[],
  { nodeId, url }: Partial<Pick<NodeRecord, 'nodeId' | 'url'>>,
): boolean => nodes.some((node) => node.byAuth !== true && (node.nodeId === nodeId || node.url === url));

/** By id, or undefined. */
export const findNode = async (nodes: NodeRegistry, nodeId: string): Promise<LiveNode | undefined> =>
  (await nodes.list()).find((node) => node.nodeId === nodeId);
