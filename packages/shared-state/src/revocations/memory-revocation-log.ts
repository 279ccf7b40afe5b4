import { REVOCATION_RETENTION_MS, type RevocationLog } from './revocation-log.js';

export interface MemoryRevocationLogOptions {
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** Revocations of one process (mode A1). */
export function createMemoryRevocationLog({
  now = Date.now,
}: MemoryRevocationLogOptions = {}): RevocationLog {
  const entries: { readonly position: number; readonly sessionRef: string; readonly atMs: number }[] = [];
  /** Begins with the time, as Redis does: a cursor from before a restart is never ahead of what comes after. */
  let last = now();

  return {
    append(sessionRefs) {
      while (entries[0] !== undefined && entries[0].atMs <= now() - REVOCATION_RETENTION_MS) entries.shift();
      for (const sessionRef of sessionRefs) entries.push({ position: (last += 1), sessionRef, atMs: now() });
      return Promise.resolve();
    },
    readAfter(cursor) {
      const position = Number(cursor ?? 0);
      const after = entries.filter((entry) => entry.position > position);
      return Promise.resolve({
        sessionRefs: after.map(({ sessionRef }) => sessionRef),
        cursor: String(after.at(-1)?.position ?? position),
      });
    },
  };
}
