import type { Access } from '@romm-netplay/protocol';
import { type Authorize, bearerOf, HttpError, secretCheck } from '@romm-netplay/service-kit';

/**
 * Judges operators by the node's ADMIN_API_KEY. Players are judged by the handlers, which know the tokens.
 * @throws HttpError admin_key_unset, admin_key_wrong
 */
export function createServerAccess(adminApiKey: string | undefined): Authorize<undefined> {
  const isAdmin = secretCheck(adminApiKey);
  return (access: Access, { authorization }) => {
    if (access === 'public' || access === 'player') return;
    if (access !== 'admin') throw new TypeError(`No operation of a node is for "${access}".`);
    if (isAdmin === undefined) {
      throw new HttpError(
        503,
        'admin_key_unset',
        'The admin operations of this node are off; set ADMIN_API_KEY on it.',
      );
    }
    const shown = bearerOf(authorization);
    if (shown === undefined || !isAdmin(shown)) {
      throw new HttpError(
        401,
        'admin_key_wrong',
        'The Authorization header must be: Bearer, and the ADMIN_API_KEY of this node.',
      );
    }
  };
}
