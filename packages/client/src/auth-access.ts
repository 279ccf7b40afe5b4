import type { Credential } from './credential.js';
import { clientError, NetplayError } from './errors.js';
import { retrying } from './retry.js';
import type { Runtime } from './runtime.js';

export interface AuthAccess {
  /**
   * Runs `attempt` with the Authorization header that speaks for the player at auth; undefined where a cookie
   * does. Once more with another one when auth refuses it, and a few times when auth cannot tell.
   */
  withAuthorization<T>(attempt: (authorization: string | undefined) => Promise<T>): Promise<T>;
}

export interface AuthAccessDeps {
  readonly runtime: Runtime;
  readonly credential: Credential;
  /** How often a request may be made before giving up. */
  readonly tries?: number;
}

export function createAuthAccess({ runtime, credential, tries }: AuthAccessDeps): AuthAccess {
  async function once<T>(attempt: (authorization: string | undefined) => Promise<T>): Promise<T> {
    const authorization = await credential.authorization();
    const { epoch } = credential;
    try {
      return await attempt(authorization);
    } catch (error) {
      if (!(error instanceof NetplayError)) throw error;
      // What servers answer that give their refusals no code.
      if (error.code === 'http_403') throw clientError('not_signed_in', { status: 403 });
      if (error.status !== 401 || authorization === undefined) throw error;
      if (error.code === 'token_revoked') credential.ended(epoch);
      const renewed = await credential.authorization(authorization);
      if (renewed === authorization) throw error;
      return attempt(renewed);
    }
  }

  return {
    withAuthorization: (attempt) => retrying(runtime, () => once(attempt), { tries }),
  };
}
