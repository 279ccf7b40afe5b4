import { StateUnavailableError } from '../errors.js';
import { createRounds } from '../rounds.js';
import { REVOCATION_RETENTION_MS, type RevocationCursor, type RevocationFeed } from './revocation-log.js';

/** Twice a second and a bit: with the way to Redis and back, everybody knows within a second. */
const POLL_MS = 400;

export interface FollowRevocationsOptions {
  readonly log: RevocationFeed;
  /** Told once of every session that ended, for those who hold sockets of it. Must not throw. */
  readonly onRevoked?: (sessionRef: string) => void;
  /** Told when the log cannot be read from now on; every poll tries again. */
  readonly onError: (error: unknown) => void;
  /** Told when it can be read again. */
  readonly onMended?: () => void;
  readonly pollMs?: number;
  /** Milliseconds since any moment; only goes on: what a clock that was ahead made forget would count again. */
  readonly elapsed?: () => number;
}

/** What one process knows of ended sessions, without asking anybody. */
export interface Revocations {
  /**
   * Whether the session has ended. While the log is away, what was known last still counts: access ends with
   * the tokens, within 15 minutes. @throws StateUnavailableError until the log was read once: then nobody
   * can tell, and a process that has just started must not forget what ended before.
   */
  isRevoked(sessionRef: string): boolean;
  /** Reads what is new now; for the process that has just revoked something. Does not reject. */
  refresh(): Promise<void>;
  close(): void;
}

/** Follows the log by asking for what is new; a missed answer heals with the next one. */
export function followRevocations(options: FollowRevocationsOptions): Revocations {
  const { log, onRevoked, onError, onMended, pollMs = POLL_MS, elapsed = () => performance.now() } = options;
  /** In the order of `knownAt`, so the oldest stand in front. */
  const ended = new Map<string, number>();
  let cursor: RevocationCursor | undefined;
  let failing = false;
  let closed = false;

  async function read(): Promise<void> {
    try {
      for (;;) {
        const page = await log.readAfter(cursor);
        if (closed) return;
        cursor = page.cursor;
        if (failing) onMended?.();
        failing = false;
        for (const sessionRef of page.sessionRefs) ended.set(sessionRef, elapsed());
        for (const sessionRef of page.sessionRefs) onRevoked?.(sessionRef);
        if (page.sessionRefs.length === 0) break;
      }
    } catch (error) {
      if (!failing) onError(error);
      failing = true;
    }
    for (const [sessionRef, knownAt] of ended) {
      if (knownAt > elapsed() - REVOCATION_RETENTION_MS) break;
      ended.delete(sessionRef);
    }
  }

  const rounds = createRounds(read);

  const polling = setInterval(() => {
    if (rounds.running === undefined) void rounds.next();
  }, pollMs);
  void rounds.next();

  return {
    isRevoked(sessionRef) {
      if (cursor === undefined) throw new StateUnavailableError();
      return ended.has(sessionRef);
    },
    refresh: rounds.next,
    close() {
      closed = true;
      clearInterval(polling);
    },
  };
}
