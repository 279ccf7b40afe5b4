import type { NodeRecord } from '@romm-netplay/protocol';
import {
  isWrittenByItself,
  MAX_NODES,
  NODE_TTL_MS,
  type NodeRegistry,
  type NodeRegistryOptions,
} from './node-registry.js';

export interface MemoryNodeRegistryOptions extends NodeRegistryOptions {
  /** Milliseconds since any moment; only goes on. */
  readonly elapsed?: () => number;
}

/** The nodes of one process (mode A1). */
export function createMemoryNodeRegistry(options: MemoryNodeRegistryOptions = {}): NodeRegistry {
  const { ttlMs = NODE_TTL_MS, elapsed = () => performance.now() } = options;
  const entries = new Map<string, { readonly record: NodeRecord; readonly storedAtMs: number }>();

  function sweep(): void {
    for (const [nodeId, { storedAtMs }] of entries) {
      if (storedAtMs + ttlMs <= elapsed()) entries.delete(nodeId);
    }
  }

  return {
    upsert(record) {
      sweep();
      const held = entries.get(record.nodeId)?.record;
      const others = [...entries.values()].map((entry) => entry.record);
      const isRival = held !== undefined && held.url !== record.url;
      const isTaken =
        record.byAuth === true
          ? isRival || isWrittenByItself(others, record)
          : isRival && held.byAuth !== true;
      if (isTaken) return Promise.resolve('held-by-other-node');
      const alike = others.filter(({ byAuth }) => (byAuth === true) === (record.byAuth === true));
      if (held === undefined && alike.length >= MAX_NODES) return Promise.resolve('full');
      entries.set(record.nodeId, { record: { ...record }, storedAtMs: elapsed() });
      return Promise.resolve('stored');
    },
    remove(nodeId, startedAtMs) {
      if (entries.get(nodeId)?.record.startedAtMs === startedAtMs) entries.delete(nodeId);
      return Promise.resolve();
    },
    list() {
      sweep();
      return Promise.resolve(
        [...entries.values()].map(({ record, storedAtMs }) => ({
          ...record,
          ageMs: Math.max(0, elapsed() - storedAtMs),
        })),
      );
    },
  };
}
