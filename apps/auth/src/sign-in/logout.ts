import { endSessions, type EndSessionsDeps } from '../sessions/end-sessions.js';
import { isRefreshToken, refreshTokenHash } from '../sessions/refresh-token.js';

/**
 * Ends the session of a refresh token, or all sessions of its player. Without a session there is nothing to
 * end, which is what was asked for.
 */
export async function logout(
  deps: EndSessionsDeps,
  { refreshToken, all }: { refreshToken: string | undefined; all: boolean },
): Promise<void> {
  if (refreshToken === undefined || !isRefreshToken(refreshToken)) return;
  const session = await deps.sessions.withSessionOf(refreshTokenHash(refreshToken), (transaction) =>
    Promise.resolve(transaction.session),
  );
  // A copy of a token whose session has ended must not sign the player out elsewhere.
  if (session === undefined || session.endedAtMs !== null || session.expiresAtMs <= deps.now()) return;
  const { sub, id } = session;
  await endSessions(deps, all ? { sub } : { sub, id }, 'signed_out');
}
