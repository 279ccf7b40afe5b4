import type { IdentityCache } from './identity-cache.js';

export interface MemoryIdentityCacheOptions {
  /** Milliseconds since any moment; only goes on. */
  readonly elapsed?: () => number;
  /** How many entries are kept; the one unused for longest makes way. */
  readonly maxEntries?: number;
}

/** Known identities of one process (mode A1). */
export function createMemoryIdentityCache(options: MemoryIdentityCacheOptions = {}): IdentityCache {
  const { elapsed = () => performance.now(), maxEntries = 10_000 } = options;
  /** In order of use, the oldest in front. */
  const entries = new Map<string, { readonly value: string; readonly expiresAtMs: number }>();

  return {
    read(key) {
      const entry = entries.get(key);
      entries.delete(key);
      if (entry === undefined || entry.expiresAtMs <= elapsed()) return Promise.resolve(undefined);
      entries.set(key, entry);
      return Promise.resolve(entry.value);
    },
    write(key, value, ttlMs) {
      entries.delete(key);
      entries.set(key, { value, expiresAtMs: elapsed() + ttlMs });
      const [oldest] = entries.keys();
      if (entries.size > maxEntries && oldest !== undefined) entries.delete(oldest);
      return Promise.resolve();
    },
  };
}
