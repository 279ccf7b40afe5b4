import { AUTH_API } from '@romm-netplay/protocol/auth-api';
import type { WriteTokenConsumer } from '../ports.js';
import type { AuthApiClient } from './auth-api-client.js';
import { assertOk } from './auth-failure.js';

/** Uses up write tokens by asking auth (mode A3). */
export const createHttpTokenConsumer = (auth: AuthApiClient): WriteTokenConsumer => ({
  async consume(token, { iss, sub, type }) {
    const { status, body } = await auth.post(AUTH_API.verifyToken.path, { token, consume: true });
    if (status === 401) return false;
    // Neither yes nor no: that is not auth, or not one we understand.
    assertOk(status, body);
    // What auth used up must be what this node verified.
    const reply = AUTH_API.verifyToken.reply.safeParse(body).data;
    return reply?.type === type && reply.iss === iss && reply.sub === sub;
  },
});
