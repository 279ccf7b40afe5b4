import { AUTH_API } from '@romm-netplay/protocol/auth-api';
import type { AuthApiClient } from './auth-api-client.js';
import { codeOf, refusedByAuth, rethrowAsTrouble, unavailable } from './auth-failure.js';

/**
 * Asks auth for a token of nobody: whoever is refused for that alone is known to auth by the secret, and auth asks
 * RomM. Costs neither auth nor RomM anything. @throws ComponentTrouble
 */
export async function reachAuth(auth: AuthApiClient): Promise<void> {
  try {
    const { status, body } = await auth.post(AUTH_API.issueForPlayer.path, {});
    if (codeOf(body) !== 'not_signed_in') throw unavailable(refusedByAuth(status, body));
  } catch (error) {
    rethrowAsTrouble(error);
  }
}
