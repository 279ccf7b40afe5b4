import { randomBytes } from 'node:crypto';
import { REVOCATION_RETENTION_MS, type RevocationLog } from './revocation-log.js';

export interface MemoryRevocationLogOptions {
  /** Milliseconds since any moment; only goes on. */
  readonly elapsed?: () => number;
}

/** Revocations of one process (mode A1). */
export function createMemoryRevocationLog({
  elapsed = () => performance.now(),
}: MemoryRevocationLogOptions = {}): RevocationLog {
  const entries: { readonly position: number; readonly sessionRef: string; readonly at: number }[] = [];
  /** Part of every cursor: one from before a restart begins again. */
  const name = randomBytes(4).toString('hex');
  let last = 0;

  return {
    append(sessionRefs) {
      while (entries[0] !== undefined && entries[0].at <= elapsed() - REVOCATION_RETENTION_MS)
        entries.shift();
      for (const sessionRef of sessionRefs)
        entries.push({ position: (last += 1), sessionRef, at: elapsed() });
      return Promise.resolve();
    },
    readAfter(cursor = '') {
      const [from, after] = cursor.split(' ');
      const position = from === name ? Number(after) : 0;
      const found = entries.filter((entry) => entry.position > position);
      return Promise.resolve({
        sessionRefs: found.map(({ sessionRef }) => sessionRef),
        cursor: `${name} ${found.at(-1)?.position ?? position}`,
      });
    },
  };
}
