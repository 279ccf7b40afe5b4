import { AUTH_API } from '@romm-netplay/protocol/auth-api';
import type { SocketErrorCode } from '@romm-netplay/protocol/wire';
import { SocketError } from '../errors.js';
import type { PlayerTokens, RommCredential } from '../ports.js';
import type { AuthApiClient } from './auth-api-client.js';
import { authFailureOf, codeOf, refusedByAuth, unavailable } from './auth-failure.js';

/** What auth says of a player by the codes of this protocol; any other refusal is a fault of the set-up. */
const REFUSALS = new Set<SocketErrorCode>([
  'not_signed_in',
  'kiosk_visitor',
  'account_disabled',
  'identity_taken',
]);

/** Tokens of players who come with RomM's own credential, from auth, which asks RomM. */
export function createHttpPlayerTokens(auth: AuthApiClient): PlayerTokens {
  async function mint(credential: RommCredential, wish: object): Promise<string> {
    const shown =
      'session' in credential
        ? { romm_session: credential.session }
        : { authorization: credential.authorization };
    const { status, body } = await auth
      .post(AUTH_API.issueForPlayer.path, { ...shown, ...wish })
      .catch(rommAway);
    const reply = AUTH_API.issueForPlayer.reply.safeParse(body).data;
    if (status === 200 && reply !== undefined) return reply.token;
    const code = [...REFUSALS].find((known) => known === codeOf(body));
    if (code !== undefined) throw new SocketError(code);
    throw unavailable(refusedByAuth(status, body));
  }

  return {
    read: (credential, maxAgeSeconds) =>
      mint(credential, { token_type: 'read', max_age_seconds: maxAgeSeconds }),
    write: (credential, socket) => mint(credential, { token_type: 'write', socket }),
  };
}

/** Auth is there, and RomM behind it is not. */
function rommAway(error: unknown): never {
  if (authFailureOf(error)?.code === 'identity_unavailable') {
    throw new SocketError('romm_unavailable', { cause: error });
  }
  throw error;
}
