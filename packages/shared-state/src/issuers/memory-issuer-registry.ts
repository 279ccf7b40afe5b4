import type { RegisteredIssuer } from '@romm-netplay/protocol';
import { type IssuerRegistry, MAX_ISSUERS } from './issuer-registry.js';

export interface MemoryIssuerRegistryOptions {
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** The issuers of one process (mode A1); they are gone with it. */
export function createMemoryIssuerRegistry({
  now = Date.now,
}: MemoryIssuerRegistryOptions = {}): IssuerRegistry {
  const entries = new Map<string, RegisteredIssuer>();
  let version = 0;
  /** Not below the time, as in Redis: no version of before a restart comes again. */
  const nextVersion = () => (version = Math.max(version + 1, now()));

  return {
    version: () => Promise.resolve(version),
    list: () => Promise.resolve({ version, issuers: structuredClone([...entries.values()]) }),
    put(draft, expected) {
      const held = entries.get(draft.issuer);
      if (held?.version !== expected) return Promise.resolve({ outcome: 'conflict' });
      if (held === undefined && entries.size >= MAX_ISSUERS) return Promise.resolve({ outcome: 'full' });
      const issuer = { ...structuredClone(draft), version: nextVersion() };
      entries.set(draft.issuer, issuer);
      return Promise.resolve({ outcome: 'stored', issuer: structuredClone(issuer) });
    },
    remove(issuer, expected) {
      if (entries.get(issuer)?.version !== expected) return Promise.resolve('conflict');
      entries.delete(issuer);
      nextVersion();
      return Promise.resolve('removed');
    },
  };
}
