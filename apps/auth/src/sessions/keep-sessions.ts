import { REVOCATION_RETENTION_MS, type Revocations } from '@romm-netplay/shared-state';
import { announceEnded, type AnnounceEndedDeps } from './announce-ended.js';

/** How long it takes at most until a session that a killed replica ended is announced by another. */
const ANNOUNCE_INTERVAL_MS = 5_000;
const PURGE_INTERVAL_MS = 3600 * 1000;
/** Ended sessions are kept this long, so that a stolen token that comes back late is still recognised. */
const KEPT_AFTER_END_MS = 30 * 24 * 3600 * 1000;

export interface KeepSessionsDeps extends AnnounceEndedDeps {
  readonly revocations: Pick<Revocations, 'refresh'>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Told at each round in which the database or the shared state is away. */
  readonly onError: (error: unknown) => void;
  /** Told at each round that did its work. */
  readonly onMended: () => void;
}

export interface SessionKeeper {
  /** Announces what ended just now. Returns at once. */
  announce(): void;
  close(): Promise<void>;
}

/** Announces ended sessions, at once and, for what was left over, by and by; deletes old ones. */
export function startKeepingSessions(deps: KeepSessionsDeps): SessionKeeper {
  let running: Promise<void> | undefined;
  let again = false;
  let started = false;

  async function run(): Promise<void> {
    do {
      again = false;
      try {
        // Once a start: a Redis that came back empty must not let ended sessions live again.
        if (!started) await deps.sessions.reannounce(deps.now() - REVOCATION_RETENTION_MS);
        started = true;
        await announceEnded(deps);
        await deps.revocations.refresh();
        deps.onMended();
      } catch (error) {
        deps.onError(error);
      }
      // Set by `announce` while this round was under way.
    } while (again as boolean);
    running = undefined;
  }

  function announce(): void {
    again = true;
    running ??= run();
  }

  const announcing = setInterval(announce, ANNOUNCE_INTERVAL_MS);
  const purging = setInterval(() => {
    deps.sessions.purge(deps.now() - KEPT_AFTER_END_MS).catch(deps.onError);
  }, PURGE_INTERVAL_MS);
  announce();

  return {
    announce,
    async close() {
      clearInterval(announcing);
      clearInterval(purging);
      await running;
    },
  };
}
