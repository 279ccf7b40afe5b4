import type { AUTH_API } from '@romm-netplay/protocol/auth-api';
import type { Handlers } from '@romm-netplay/service-kit';
import type { AccessTokenClaims, TokenIssuer } from '@romm-netplay/token-core';
import { changePassword } from '../accounts/change-password.js';
import { useSetupCode } from '../accounts/first-admin.js';
import { AuthError } from '../errors.js';
import { revokeSession } from '../sessions/end-sessions.js';
import { login, type LoginDeps } from '../sign-in/login.js';
import { logout } from '../sign-in/logout.js';
import { type Refreshed, refreshSession, type RefreshSessionDeps } from '../sessions/refresh-session.js';
import type { RefreshCookie } from './refresh-cookie.js';
import type { Caller } from './server-access.js';

export interface SessionHandlersDeps extends LoginDeps, RefreshSessionDeps {
  readonly issuer: TokenIssuer;
  readonly refreshCookie: RefreshCookie;
}

type SessionOperations =
  'login' | 'refresh' | 'logout' | 'listSessions' | 'revokeSession' | 'changePassword' | 'setup';

/** The player's own side of sessions and accounts (S1). */
export function createSessionHandlers(
  deps: SessionHandlersDeps,
): Handlers<Pick<typeof AUTH_API, SessionOperations>, Caller> {
  const { refreshCookie } = deps;

  async function signedIn({ session, refreshToken }: Refreshed) {
    const { id: sessionId, sub, netplayUsername, role } = session;
    const issued = await deps.issuer.issueAccessToken({ sub, netplayUsername, role, sessionId });
    return {
      body: {
        access_token: issued.token,
        token_type: 'bearer' as const,
        expires: issued.expiresInSeconds,
        player: { sub, netplay_username: netplayUsername, role },
      },
      headers: { 'set-cookie': refreshCookie.keep(refreshToken) },
    };
  }

  return {
    async login({ body: { username, password }, headers, address }) {
      const { authorization, cookie } = headers;
      const account = username === undefined || password === undefined ? undefined : { username, password };
      const device = headers['user-agent'];
      return signedIn(
        await login(deps, { account, credentials: { authorization, cookie, address }, device, address }),
      );
    },

    async refresh({ headers: { authorization, cookie }, address }) {
      const refreshToken = refreshCookie.read(cookie);
      return signedIn(
        await refreshSession(deps, { refreshToken, credentials: { authorization, cookie, address } }),
      );
    },

    async logout({ body: { all }, headers: { cookie } }) {
      await logout(deps, { refreshToken: refreshCookie.read(cookie), all });
      return { body: { ok: true }, headers: { 'set-cookie': refreshCookie.clear() } };
    },

    async listSessions({ caller }) {
      const { sub, sid } = accountOf(caller);
      const sessions = await deps.sessions.listLive(sub, deps.now());
      return {
        body: {
          sessions: sessions.map(({ id, device, createdAtMs, lastUsedAtMs }) => ({
            id,
            device,
            created_at: new Date(createdAtMs).toISOString(),
            last_used_at: new Date(lastUsedAtMs).toISOString(),
            current: id === sid,
          })),
        },
      };
    },

    async revokeSession({ body: { id }, caller }) {
      await revokeSession(deps, { sub: accountOf(caller).sub, id });
      return { body: { ok: true } };
    },

    async changePassword({ body, caller, address }) {
      const { sub, sid: sessionId } = accountOf(caller);
      const { old_password: oldPassword, new_password: newPassword } = body;
      await changePassword(deps, { sub, sessionId, oldPassword, newPassword, address });
      return { body: { ok: true } };
    },

    async setup({ body, address }) {
      await useSetupCode(deps, { ...body, address });
      return { body: { ok: true } };
    },
  };
}

/** Operations with access "account" have one; whoever has none was refused before. */
function accountOf({ account }: Caller): AccessTokenClaims {
  if (account === undefined) throw new AuthError('access_token_missing');
  return account;
}
