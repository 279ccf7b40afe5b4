import { StateUnavailableError } from '@romm-netplay/shared-state';
import { TokenError } from '@romm-netplay/token-core';

/**
 * For the `catch` of a token that auth has made for this node just now: that it is not good here is no fault of the
 * player's. The clocks of the two differ, or they do not belong together.
 */
export function notOfPlayer(error: unknown): never {
  if (!(error instanceof TokenError) || error.code === 'keys_unavailable') throw error;
  const because =
    'The clocks of this server differ, or parts of it do not belong together; tell its administrator.';
  throw new StateUnavailableError({ cause: error, because });
}
