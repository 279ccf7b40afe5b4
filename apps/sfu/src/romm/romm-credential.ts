import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { bearerOf } from '@romm-netplay/service-kit';
import { claimedIssuer } from '@romm-netplay/token-core';
import { parseCookie } from 'cookie';
import type { RommCredential } from '../ports.js';

/** RomM's session cookie, of every release. */
const SESSION_COOKIE = 'romm_session';
/** How RomM's client tokens begin, and the issuer in the access tokens of its OAuth endpoint. */
const CLIENT_TOKEN = 'rmm_';
const OAUTH_ISSUER = 'romm:oauth';
const MAX_LENGTH = 4096;

/** The bearer of RomM's own that a request shows; tokens of ours and of anybody else are none. */
export function rommBearer({ authorization }: IncomingHttpHeaders): RommCredential | undefined {
  const bearer = bearerOf(authorization);
  if (bearer === undefined || bearer.length > MAX_LENGTH) return undefined;
  const isRomms = bearer.startsWith(CLIENT_TOKEN) || claimedIssuer(bearer) === OAUTH_ISSUER;
  return isRomms ? { authorization: `Bearer ${bearer}` } : undefined;
}

/** RomM's session cookie, as it came: what is encoded in it must reach RomM so encoded. */
export function rommSession({ cookie }: IncomingHttpHeaders): RommCredential | undefined {
  const session = parseCookie(cookie ?? '', { decode: (raw) => raw })[SESSION_COOKIE];
  return session === undefined || session === '' || session.length > MAX_LENGTH ? undefined : { session };
}

/** What stands for a credential; tells nothing of it. */
export const credentialKey = (credential: RommCredential): string =>
  createHash('sha256').update(JSON.stringify(credential)).digest('base64url');
