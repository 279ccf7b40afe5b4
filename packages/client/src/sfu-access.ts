import { SESSION_ENDED, UNAVAILABLE } from './close-codes.js';
import type { Ending } from './credential.js';
import { NetplayError } from './errors.js';
import { isRefusedToken, isTransient, retrying } from './retry.js';
import type { Runtime } from './runtime.js';
import type { Tokens } from './tokens.js';

export interface SfuAccess {
  /**
   * Runs `attempt` with a read token. On 401, 403 or 503, over HTTP or the socket, the token is dropped and the
   * attempt repeated with another: once when the token was refused, a few times when the node cannot tell.
   */
  withReadToken<T>(attempt: (readToken: string) => Promise<T>, tries?: number): Promise<T>;
}

export interface SfuAccessDeps {
  readonly runtime: Runtime;
  readonly tokens: Tokens;
  readonly credential: Ending;
}

export function createSfuAccess({ runtime, tokens, credential }: SfuAccessDeps): SfuAccess {
  async function once<T>(attempt: (readToken: string) => Promise<T>): Promise<T> {
    const readToken = await tokens.read();
    const { epoch } = credential;
    try {
      return await attempt(readToken);
    } catch (error) {
      if (!(error instanceof NetplayError)) throw error;
      const isOver = error.code === 'token_revoked' || error.closeCode === SESSION_ENDED;
      if (isOver || isRefusedToken(error) || isUnavailable(error)) tokens.drop(readToken);
      if (isOver) credential.ended(epoch);
      throw error;
    }
  }

  return {
    withReadToken: (attempt, tries) =>
      retrying(runtime, () => once(attempt), {
        tries,
        worthIt: (error, failed) => isTransient(error) || (isRefusedToken(error) && failed === 0),
      }),
  };
}

const isUnavailable = ({ code, status, closeCode }: NetplayError): boolean =>
  status === 503 || closeCode === UNAVAILABLE || /^(keys_)?unavailable$/.test(code);
