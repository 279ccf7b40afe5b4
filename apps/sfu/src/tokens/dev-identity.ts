import { randomBytes } from 'node:crypto';
import {
  type ClaimsOf,
  devSubject,
  READ_TOKEN_TTL_SECONDS,
  type TokenType,
  type TokenVerifier,
} from '@romm-netplay/token-core';
import type { WriteTokenConsumer } from '../ports.js';

export const DEV_IDENTITY_WARNING =
  'Development identity is on (SFU_DEV_IDENTITY): whoever sends a UUID in place of a token plays as it. Never use this in production.';

export interface DevIdentityOptions {
  /** Issuer URL of this instance; made-up players belong to it. */
  readonly issuer: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Lets a bare persistent id (UUID) stand in for any token (S3). The configuration refuses it in production. */
export function acceptDevIds(
  { verifier, consumer }: { readonly verifier: TokenVerifier; readonly consumer: WriteTokenConsumer },
  { issuer, now }: DevIdentityOptions,
): { readonly verifier: TokenVerifier; readonly consumer: WriteTokenConsumer } {
  function claimsOf(token: string, types: readonly TokenType[]): object | undefined {
    const subject = devSubject(token);
    if (subject === undefined) return undefined;
    const iat = Math.floor(now() / 1000);
    const exp = iat + READ_TOKEN_TTL_SECONDS;
    const common = { iss: issuer, aud: issuer, sub: subject.sub, netplay_username: subject.netplayUsername };
    const kind = types.includes('sfu:read')
      ? { type: 'sfu:read' }
      : { type: 'sfu:write', jti: randomBytes(16).toString('hex') };
    return { ...common, iat, exp, ...kind };
  }
  return {
    verifier: {
      async verify<T extends TokenType>(token: string, types: readonly T[]) {
        const claims = claimsOf(token, types) as ClaimsOf<T> | undefined;
        return claims ?? verifier.verify(token, types);
      },
    },
    consumer: {
      consume: async (token, claims) =>
        devSubject(token) !== undefined || (await consumer.consume(token, claims)),
    },
  };
}
