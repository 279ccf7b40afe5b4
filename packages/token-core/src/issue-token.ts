import { randomBytes } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { READ_TOKEN_TTL_SECONDS, type Subject, WRITE_TOKEN_TTL_SECONDS } from './claims.js';
import type { SigningKey } from './keys.js';

export interface TokenIssuerOptions {
  /** Issuer URL of this instance. */
  readonly issuer: string;
  /** Asked at every token, so that a rotated key signs from the next token on. */
  readonly signingKey: () => SigningKey;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  readonly newJti?: () => string;
}

export interface IssuedToken {
  readonly token: string;
  readonly expiresInSeconds: number;
  readonly expiresAtMs: number;
}

export interface IssuedWriteToken extends IssuedToken {
  readonly jti: string;
}

export interface TokenIssuer {
  /** Signs a read token for `audience` (issuer URL of the instance it is for). Touches no store (P1.2). */
  issueReadToken(subject: Subject, audience: string): IssuedToken;
  /** Signs a write token. The caller stores its marker before handing it out. */
  issueWriteToken(subject: Subject, audience: string): IssuedWriteToken;
}

const randomJti = () => randomBytes(16).toString('hex');

export function createTokenIssuer(options: TokenIssuerOptions): TokenIssuer {
  const { issuer, signingKey, now = Date.now, newJti = randomJti } = options;

  function sign(claims: object, subject: Subject, audience: string, expiresInSeconds: number): IssuedToken {
    if (subject.sub === '') throw new TypeError('A token needs a subject.');
    const { privateKey, alg, kid } = signingKey();
    const iat = Math.floor(now() / 1000);
    // JSON would turn NaN into null, and a token without a time into one that never expires.
    if (!Number.isSafeInteger(iat)) throw new TypeError('The clock does not tell the time.');
    const exp = iat + expiresInSeconds;
    const name = subject.netplayUsername === undefined ? {} : { netplay_username: subject.netplayUsername };
    const payload = { iss: issuer, sub: subject.sub, aud: audience, iat, exp, ...claims, ...name };
    // The one place where the JWT library signs.
    const token = jwt.sign(payload, privateKey, { algorithm: alg, keyid: kid });
    return { token, expiresInSeconds, expiresAtMs: exp * 1000 };
  }

  return {
    issueReadToken: (subject, audience) =>
      sign({ type: 'sfu:read' }, subject, audience, READ_TOKEN_TTL_SECONDS),
    issueWriteToken(subject, audience) {
      const jti = newJti();
      return { ...sign({ type: 'sfu:write', jti }, subject, audience, WRITE_TOKEN_TTL_SECONDS), jti };
    },
  };
}
