import type { Access } from '@romm-netplay/protocol';
import {
  type Authorize,
  bearerOf,
  cookiesDecide,
  HttpError,
  type IsOwnPage,
  secretCheck,
} from '@romm-netplay/service-kit';

/**
 * Judges operators by the node's ADMIN_API_KEY, and pages that bring a player's cookies by their origin (D7). Who
 * the player is, the handlers find out, which know the tokens.
 * @throws HttpError origin_refused, admin_key_unset, admin_key_wrong
 */
export function createServerAccess(
  adminApiKey: string | undefined,
  isOwnPage: IsOwnPage,
): Authorize<undefined> {
  const isAdmin = secretCheck(adminApiKey);
  return (access: Access, headers) => {
    if (access === 'player' && cookiesDecide(headers) && !isOwnPage(headers)) {
      throw new HttpError(
        403,
        'origin_refused',
        'Pages of this origin may not use cookies here; add the origin to ALLOWED_ORIGINS.',
      );
    }
    if (access === 'public' || access === 'player') return;
    if (access !== 'admin') throw new TypeError(`No operation of a node is for "${access}".`);
    if (isAdmin === undefined) {
      throw new HttpError(
        503,
        'admin_key_unset',
        'The admin operations of this node are off; set ADMIN_API_KEY on it.',
      );
    }
    const shown = bearerOf(headers.authorization);
    if (shown === undefined || !isAdmin(shown)) {
      throw new HttpError(
        401,
        'admin_key_wrong',
        'The Authorization header must be: Bearer, and the ADMIN_API_KEY of this node.',
      );
    }
  };
}
