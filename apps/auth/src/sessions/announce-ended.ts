import type { RevocationLog } from '@romm-netplay/shared-state';
import { sessionRefOf } from '@romm-netplay/token-core';
import type { SessionStore } from './session-store.js';

export interface AnnounceEndedDeps {
  readonly sessions: SessionStore;
  readonly revocationLog: Pick<RevocationLog, 'append'>;
  /** Issuer URL of this instance: the sessions here are its own. */
  readonly audience: string;
}

const BATCH = 500;

/**
 * Tells the revocation log of every session that ended. The database decides and the log follows: whatever
 * dies in between, the next call finds what is still unannounced. Twice told is harmless.
 */
export async function announceEnded({
  sessions,
  revocationLog,
  audience: iss,
}: AnnounceEndedDeps): Promise<void> {
  for (;;) {
    const sessionIds = await sessions.listUnannounced(BATCH);
    if (sessionIds.length === 0) return;
    await revocationLog.append(sessionIds.flatMap((sid) => sessionRefOf({ iss, sid }) ?? []));
    await sessions.markAnnounced(sessionIds);
  }
}
