import type { IncomingHttpHeaders } from 'node:http';
import type { Access, RegisteredIssuer } from '@romm-netplay/protocol';
import { INTERNAL_SECRET_HEADER } from '@romm-netplay/protocol/auth-api';
import { bearerOf, cookiesDecide, createOwnPageCheck, secretCheck } from '@romm-netplay/service-kit';
import type { AccessTokenClaims } from '@romm-netplay/token-core';
import { AuthError } from '../errors.js';
import { authenticatePeer, type AuthenticatePeerDeps } from '../federation/authenticate-peer.js';
import { accessClaimsOf, type AccessTokenDeps } from '../identity/access-token.js';

export interface ServerAccessDeps extends AccessTokenDeps, AuthenticatePeerDeps {
  /** Shared with this instance's SFU servers (P1.6). */
  readonly internalSecret: string | undefined;
  /** Of nodes that have one of their own, by node id. */
  readonly internalSecrets: Readonly<Record<string, string>>;
  /** In clear, or as `sha256:` and 64 hex digits. */
  readonly adminApiKey: string | undefined;
  readonly allowedOrigins: readonly string[];
}

/** What handlers may know of a caller who was let in. */
export interface Caller {
  /** Of internal operations: the only node that the secret speaks for; any without a secret of its own if absent. */
  readonly nodeId?: string;
  /** Of operations for the holder of an access token. */
  readonly account?: AccessTokenClaims;
  /** Of admin operations: "api-key", or the administrator's sub. */
  readonly admin?: string;
  /** Of operations for other instances: the active one that signed the call. */
  readonly peer?: RegisteredIssuer;
}

const ANYBODY: Caller = {};

/**
 * Judges callers before anything else they sent is read.
 * @throws AuthError internal_secret_unset, internal_secret_wrong, admin_key_unset, admin_key_wrong,
 * access_token_missing, origin_refused, assertion_missing, assertion_used, peer_not_active; TokenError for a bad
 * access token or assertion; StateUnavailableError
 */
export function createServerAccess(deps: ServerAccessDeps) {
  const internal = createInternalAccess(deps);
  const isAdmin = secretCheck(deps.adminApiKey);
  const isOwnPage = createOwnPageCheck({ ownUrls: [deps.audience], allowedOrigins: deps.allowedOrigins });

  function assertOwnOrigin(headers: IncomingHttpHeaders): void {
    if (!isOwnPage(headers)) throw new AuthError('origin_refused');
  }

  async function admin(authorization: string | undefined): Promise<Caller> {
    const shown = bearerOf(authorization);
    if (shown !== undefined && isAdmin?.(shown) === true) return { admin: 'api-key' };
    const account = await accessClaimsOf(deps, authorization);
    if (account?.role === 'admin') return { admin: account.sub };
    throw new AuthError(
      isAdmin === undefined && account === undefined ? 'admin_key_unset' : 'admin_key_wrong',
    );
  }

  async function account(authorization: string | undefined): Promise<Caller> {
    const claims = await accessClaimsOf(deps, authorization);
    if (claims === undefined) throw new AuthError('access_token_missing');
    return { account: claims };
  }

  return (access: Access, headers: IncomingHttpHeaders): Caller | Promise<Caller> => {
    switch (access) {
      case 'public':
        return ANYBODY;
      case 'player':
        if (cookiesDecide(headers)) assertOwnOrigin(headers);
        return ANYBODY;
      case 'session':
        assertOwnOrigin(headers);
        return ANYBODY;
      case 'account':
        return account(headers.authorization);
      case 'internal':
        return internal(headers[INTERNAL_SECRET_HEADER]);
      case 'peer':
        return authenticatePeer(deps, headers.authorization).then((peer) => ({ peer }));
      case 'admin':
        return admin(headers.authorization);
    }
  };
}

/** Every secret is compared, whichever fits, so that time tells nothing of which there are. */
function createInternalAccess({
  internalSecret,
  internalSecrets,
}: Pick<ServerAccessDeps, 'internalSecret' | 'internalSecrets'>) {
  const known: { readonly fits: ReturnType<typeof secretCheck>; readonly caller: Caller }[] = [
    ...Object.entries(internalSecrets).map(([nodeId, secret]) => ({
      fits: secretCheck(secret),
      caller: { nodeId },
    })),
    { fits: secretCheck(internalSecret), caller: ANYBODY },
  ].filter(({ fits }) => fits !== undefined);
  return (shown: unknown): Caller => {
    if (known.length === 0) throw new AuthError('internal_secret_unset');
    if (typeof shown !== 'string') throw new AuthError('internal_secret_wrong');
    const [fitting] = known.filter(({ fits }) => fits?.(shown) === true);
    if (fitting === undefined) throw new AuthError('internal_secret_wrong');
    return fitting.caller;
  };
}

/** Operations with access "peer" have one; whoever is none was refused before. */
export function peerOf({ peer }: Caller): RegisteredIssuer {
  if (peer === undefined) throw new AuthError('assertion_missing');
  return peer;
}
