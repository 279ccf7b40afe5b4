import { AuthError } from '../errors.js';
import type { Credentials, Identity, IdentityProvider } from '../ports.js';
import { REFRESH_TTL_MS } from './begin-session.js';
import { isRefreshToken, newSuccessorSalt, refreshTokenHash, successorOf } from './refresh-token.js';
import type { Session, SessionStore, SessionTransaction, StoredRefreshToken } from './session-store.js';

/**
 * A rotated token that comes back this soon is a racing tab or a lost answer, not a thief. Longer than clients try
 * again after a lost answer: the one here asks four times, for 10 s each.
 */
export const RACE_TOLERANCE_MS = 60_000;

export interface RefreshSessionDeps {
  readonly sessions: SessionStore;
  readonly providers: readonly IdentityProvider[];
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Called when sessions ended, so that the rest of the instance hears of it. */
  readonly onEnded: () => void;
  /** A rotated refresh token came back: somebody has a copy. */
  readonly onReuse: (session: Session) => void;
}

export interface Refreshed {
  readonly session: Session;
  /** Takes the place of the one that was shown. */
  readonly refreshToken: string;
}

/**
 * Exchanges a refresh token for its successor (RFC 9700 section 4.14.2). Of a rotated one that comes back
 * late, nobody can tell whether the player or a thief shows it, so the whole family ends.
 * @throws AuthError session_ended, identity_unavailable, database_unavailable
 */
export async function refreshSession(
  deps: RefreshSessionDeps,
  { refreshToken, credentials }: { refreshToken: string | undefined; credentials: Credentials },
): Promise<Refreshed> {
  if (refreshToken === undefined || !isRefreshToken(refreshToken)) throw new AuthError('session_ended');
  // Asking the provider may take seconds, so it happens between two transactions, not inside one.
  const session = await onNewestToken(deps, refreshToken, ({ session }) => Promise.resolve(session));
  const identity = await renewedIdentity(deps, session, credentials);
  return onNewestToken(deps, refreshToken, async (transaction, newest) => {
    // Who comes second in a race gets what the first one got, or cookies of both would never agree.
    if (newest.token !== refreshToken) return { session: transaction.session, refreshToken: newest.token };
    return exchange(transaction, newest, identity, deps.now());
  });
}

/** A token in clear, and what is stored of it. */
interface HeldToken {
  readonly token: string;
  readonly stored: StoredRefreshToken;
}

/** Runs `work` on the family of a token that may still be exchanged, and on the newest token of it. */
async function onNewestToken<T extends object>(
  { sessions, now, onEnded, onReuse }: RefreshSessionDeps,
  refreshToken: string,
  work: (transaction: SessionTransaction, newest: HeldToken) => Promise<T>,
): Promise<T> {
  const outcome = await sessions.withSessionOf(refreshTokenHash(refreshToken), async (transaction) => {
    const { session } = transaction;
    const nowMs = now();
    if (session.endedAtMs !== null || session.expiresAtMs <= nowMs) return { refused: undefined };
    const newest = await newestAfter(transaction, refreshToken, nowMs);
    if (newest !== undefined) return { done: await work(transaction, newest) };
    await transaction.end('refresh_token_reused', nowMs);
    return { refused: session };
  });
  if (outcome?.done !== undefined) return outcome.done;
  if (outcome?.refused !== undefined) {
    onReuse(outcome.refused);
    onEnded();
  }
  throw new AuthError('session_ended');
}

/** Follows the chain of successors; undefined when the token was rotated too long ago. */
async function newestAfter(
  transaction: SessionTransaction,
  refreshToken: string,
  nowMs: number,
): Promise<HeldToken | undefined> {
  let token = refreshToken;
  for (;;) {
    const stored = await transaction.findToken(refreshTokenHash(token));
    if (stored === undefined) return undefined;
    if (stored.rotatedAtMs === null || stored.successorSalt === null) return { token, stored };
    // Either way: what a clock that runs ahead has dated must not count for longer.
    if (Math.abs(nowMs - stored.rotatedAtMs) > RACE_TOLERANCE_MS) return undefined;
    token = successorOf(token, stored.successorSalt);
  }
}

async function renewedIdentity(
  { sessions, providers, now, onEnded }: RefreshSessionDeps,
  { id, sub, provider: name }: Session,
  credentials: Credentials,
): Promise<Identity> {
  const provider = providers.find((candidate) => candidate.name === name);
  const identity = await provider?.renew(sub, credentials).catch((error: unknown) => {
    if (isRefusal(error)) return undefined;
    throw error;
  });
  if (identity?.sub === sub) return identity;
  await sessions.end({ sub, id }, 'provider_refused', now());
  onEnded();
  throw new AuthError('session_ended');
}

/** Who is refused by name is out, and so is a visitor in their place; who cannot be asked about just now is not. */
const REFUSALS: readonly string[] = ['account_disabled', 'identity_taken', 'kiosk_visitor'];
const isRefusal = (error: unknown): boolean => error instanceof AuthError && REFUSALS.includes(error.code);

async function exchange(
  transaction: SessionTransaction,
  { token, stored }: HeldToken,
  { netplayUsername, role }: Identity,
  nowMs: number,
): Promise<Refreshed> {
  const successorSalt = newSuccessorSalt();
  const refreshToken = successorOf(token, successorSalt);
  const expiresAtMs = nowMs + REFRESH_TTL_MS;
  await transaction.rotate(
    { ...stored, rotatedAtMs: nowMs, successorSalt },
    {
      hash: refreshTokenHash(refreshToken),
      sessionId: stored.sessionId,
      expiresAtMs,
      rotatedAtMs: null,
      successorSalt: null,
    },
  );
  const changes = { netplayUsername, role, lastUsedAtMs: nowMs, expiresAtMs };
  await transaction.update(changes);
  return { session: { ...transaction.session, ...changes }, refreshToken };
}
