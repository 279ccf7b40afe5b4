import { createHash } from 'node:crypto';
import { bearerOf } from '@romm-netplay/service-kit';
import { claimedIssuer } from '@romm-netplay/token-core';
import { parseCookie } from 'cookie';
import type { Credentials } from '../../ports.js';

/** What a caller showed that RomM may know. */
export interface RommCredential {
  readonly kind: 'bearer' | 'session';
  readonly value: string;
}

const SESSION_COOKIE = 'romm_session';
/** The issuer in the access tokens of RomM's OAuth endpoint. */
const OAUTH_ISSUER = 'romm:oauth';
/** Session ids are UUIDs; older releases keep the whole session, a JWT, in the cookie. */
const MAX_LENGTH = 4096;
const BEARER = /^[\w.~+/-]+=*$/;
const COOKIE_VALUE = /^[\w.~+/%=-]+$/;

/**
 * The one credential to ask RomM with. A bearer token decides alone; another Authorization scheme may be
 * that of a proxy in front, so then the session cookie counts.
 */
export function rommCredentialOf({ authorization, cookie }: Credentials): RommCredential | undefined {
  if (/^Bearer(?: |$)/i.test(authorization ?? '')) {
    const value = bearerOf(authorization);
    return isFit(value, BEARER) && mayBeOfRomm(value) ? { kind: 'bearer', value } : undefined;
  }
  // As it came: whatever RomM has encoded in it must reach RomM so encoded.
  const value = parseCookie(cookie ?? '', { decode: (raw) => raw })[SESSION_COOKIE];
  return isFit(value, COOKIE_VALUE) ? { kind: 'session', value } : undefined;
}

/** All that RomM is told of a caller. */
export const headersFor = ({ kind, value }: RommCredential): Record<string, string> =>
  kind === 'bearer' ? { authorization: `Bearer ${value}` } : { cookie: `${SESSION_COOKIE}=${value}` };

/** What stands for a credential in caches; tells nothing of it, and differs from one RomM to another. */
export const credentialKey = (baseUrl: string, { kind, value }: RommCredential): string =>
  createHash('sha256')
    .update(JSON.stringify(['romm-identity', baseUrl, kind, value]))
    .digest('hex');

const isFit = (value: string | undefined, form: RegExp): value is string =>
  value !== undefined && value.length <= MAX_LENGTH && form.test(value);

/** JWTs of other issuers, our own among them, are none of RomM's business. */
function mayBeOfRomm(token: string): boolean {
  const issuer = claimedIssuer(token);
  return issuer === undefined || issuer === OAUTH_ISSUER;
}
