import { AUTH_API } from '@romm-netplay/protocol/auth-api';
import { type RevocationFeed, StateUnavailableError } from '@romm-netplay/shared-state';
import type { AuthApiClient } from './auth-api-client.js';
import { assertOk } from './auth-failure.js';

/** The sessions that ended, from auth's internal endpoint (mode A3). Auth alone appends. */
export const createHttpRevocationFeed = (auth: AuthApiClient): RevocationFeed => ({
  async readAfter(cursor) {
    const query = cursor === undefined ? '' : `?${new URLSearchParams({ after: cursor }).toString()}`;
    const { status, body } = await auth.get(`${AUTH_API.revocations.path}${query}`);
    const page = AUTH_API.revocations.reply.safeParse(body).data;
    assertOk(status, body);
    if (page === undefined)
      throw new StateUnavailableError({ cause: new Error('auth answered no revocations') });
    return { sessionRefs: page.session_refs, cursor: page.cursor };
  },
});
