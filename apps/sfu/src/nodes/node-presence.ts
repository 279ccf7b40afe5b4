import type { LiveNode, NodeRecord } from '@romm-netplay/protocol';
import { findNode, type NodeRegistry } from '@romm-netplay/shared-state';

export interface NodePresenceOptions {
  readonly nodes: NodeRegistry;
  /** What does not change while the node runs. */
  readonly identity: Pick<NodeRecord, 'nodeId' | 'url' | 'region' | 'maxRooms' | 'adopts'>;
  /** What does. */
  readonly load: () => Pick<NodeRecord, 'rooms' | 'sockets' | 'draining'>;
  /** How often the node tells of itself; several times within a record's life. */
  readonly heartbeatMs: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Told when the registry stops taking what the node tells, once until it does again. */
  readonly onError: (error: unknown) => void;
  /** Told when it takes it again. */
  readonly onMended: () => void;
}

/** This node among the nodes of its instance (P4.3). */
export interface NodePresence {
  /** Tells of this node now, besides the regular times. Never rejects. */
  announce(): Promise<void>;
  /** The others that told of themselves lately. Rejects with StateUnavailableError. */
  others(): Promise<LiveNode[]>;
  /** Whether another process calls itself by this node's id. */
  readonly isIdDisputed: () => boolean;
  /** Falls silent, and takes this node off the list. */
  close(): Promise<void>;
}

export function createNodePresence(options: NodePresenceOptions): NodePresence {
  const { nodes, identity, load, heartbeatMs, now, onError, onMended } = options;
  const startedAtMs = now();
  let failing = false;
  let isStored = false;
  let isIdDisputed = false;
  let closed = false;

  async function announce(): Promise<void> {
    if (closed) return;
    try {
      // What an earlier life of this node left is overwritten once; who writes after that is alive.
      const rival = isStored && (await findNode(nodes, identity.nodeId))?.startedAtMs;
      const outcome = await nodes.upsert({ ...identity, ...load(), startedAtMs, updatedAtMs: now() });
      isStored = outcome === 'stored';
      isIdDisputed = outcome === 'held-by-other-node' || (typeof rival === 'number' && rival !== startedAtMs);
      if (outcome !== 'stored') throw new Error(REFUSED[outcome]);
      if (isIdDisputed) throw new Error(REFUSED['held-by-other-node']);
      if (failing) onMended();
      failing = false;
    } catch (error) {
      if (!failing) onError(error);
      failing = true;
    }
  }

  const beating = setInterval(() => void announce(), heartbeatMs);
  const first = announce();

  return {
    announce,
    isIdDisputed: () => isIdDisputed,
    async others() {
      // Two lives of one node share its url.
      return (await nodes.list()).filter(
        ({ nodeId, url }) => nodeId !== identity.nodeId && url !== identity.url,
      );
    },
    async close() {
      closed = true;
      clearInterval(beating);
      await first;
      // One that cannot be told is forgotten when its record expires.
      await nodes.remove(identity.nodeId, startedAtMs).catch(() => undefined);
    },
  };
}

const REFUSED = {
  'held-by-other-node': 'Another process has this NODE_ID; each node needs its own.',
  full: 'The registry has as many nodes as it may.',
} as const;
