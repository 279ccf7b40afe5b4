import { AuthError } from '../errors.js';
import type { EndReason, SessionFilter, SessionStore } from './session-store.js';

export interface EndSessionsDeps {
  readonly sessions: SessionStore;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Called when sessions ended, so that the rest of the instance hears of it. */
  readonly onEnded: () => void;
}

/** Ends sessions of a player; answers how many there were. Their tokens and sockets end within a second. */
export async function endSessions(
  { sessions, now, onEnded }: EndSessionsDeps,
  which: SessionFilter,
  reason: EndReason,
): Promise<number> {
  const ended = await sessions.end(which, reason, now());
  // Whoever has no session here may still be at other instances.
  if (ended > 0 || which.id === undefined) onEnded();
  return ended;
}

/** Ends one session of the player who asks. @throws AuthError session_not_found */
export async function revokeSession(
  deps: EndSessionsDeps,
  { sub, id }: { sub: string; id: string },
): Promise<void> {
  if ((await endSessions(deps, { sub, id }, 'revoked')) === 0) throw new AuthError('session_not_found');
}
