import { constants, randomBytes, sign as cryptoSign, type SignKeyObjectInput } from 'node:crypto';
import { promisify } from 'node:util';
import {
  ACCESS_TOKEN_TTL_SECONDS,
  ASSERTION_TTL_SECONDS,
  READ_TOKEN_TTL_SECONDS,
  type Role,
  type Subject,
  WRITE_TOKEN_TTL_SECONDS,
} from './claims.js';
import type { SigningAlg, SigningKey } from './keys.js';
import type { TokenTyp } from './parse-token.js';

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

export interface WriteTokenOptions {
  /** Of a marker that is stored. */
  readonly jti?: string | undefined;
  /** The connection to a node that alone may use it; any of the player's if absent. */
  readonly socket?: string | undefined;
}

export interface IssuedWriteToken extends IssuedToken {
  readonly jti: string;
}

/** Whoever stands behind a signed-in session. */
export interface SessionSubject extends Subject {
  readonly sessionId: string;
  readonly role: Role;
}

export interface TokenIssuer {
  /** Signs a read token for `audience` (issuer URL of the instance it is for). Touches no store (P1.2). */
  issueReadToken(subject: Subject, audience: string): Promise<IssuedToken>;
  /** Signs a write token; for instances that record its first use, its id may be new here. */
  issueWriteToken(subject: Subject, audience: string, once?: WriteTokenOptions): Promise<IssuedWriteToken>;
  /** Signs the access token of a session, for this issuer itself (S1). */
  issueAccessToken(subject: SessionSubject): Promise<IssuedToken>;
  /** Signs one word of this instance to another, in place of a shared secret. */
  issueAssertion(audience: string): Promise<string>;
}

const randomJti = () => randomBytes(16).toString('hex');

export function createTokenIssuer(options: TokenIssuerOptions): TokenIssuer {
  const { issuer, signingKey, now = Date.now, newJti = randomJti } = options;

  async function issue(
    claims: object,
    subject: Subject,
    audience: string,
    expiresInSeconds: number,
  ): Promise<IssuedToken> {
    if (subject.sub === '') throw new TypeError('A token needs a subject.');
    const { iat, exp } = times(expiresInSeconds);
    const { sub, netplayUsername, sessionId: sid } = subject;
    const name = netplayUsername === undefined ? {} : { netplay_username: netplayUsername };
    const session = sid === undefined ? {} : { sid };
    const payload = { iss: issuer, sub, aud: audience, iat, exp, ...claims, ...name, ...session };
    return {
      token: await signCompact('JWT', payload, signingKey()),
      expiresInSeconds,
      expiresAtMs: exp * 1000,
    };
  }

  function times(expiresInSeconds: number): { iat: number; exp: number } {
    const iat = Math.floor(now() / 1000);
    // JSON would turn NaN into null, and a token without a time into one that never expires.
    if (!Number.isSafeInteger(iat)) throw new TypeError('The clock does not tell the time.');
    return { iat, exp: iat + expiresInSeconds };
  }

  return {
    issueReadToken: (subject, audience) =>
      issue({ type: 'sfu:read' }, subject, audience, READ_TOKEN_TTL_SECONDS),
    async issueWriteToken(subject, audience, { jti = newJti(), socket } = {}) {
      const bound = socket === undefined ? {} : { socket };
      return {
        ...(await issue({ type: 'sfu:write', jti, ...bound }, subject, audience, WRITE_TOKEN_TTL_SECONDS)),
        jti,
      };
    },
    issueAccessToken: (subject) =>
      issue({ type: 'access', role: subject.role }, subject, issuer, ACCESS_TOKEN_TTL_SECONDS),
    issueAssertion(audience) {
      const payload = { iss: issuer, aud: audience, ...times(ASSERTION_TTL_SECONDS), jti: newJti() };
      return signCompact('netplay-assertion+jwt', payload, signingKey());
    },
  };
}

const signAsync = promisify<string, Buffer, SignKeyObjectInput, Buffer>(cryptoSign);

/** How node:crypto makes each signature (RFC 7518 sections 3.3 to 3.5). */
const SIGNATURE: Record<SigningAlg, Omit<SignKeyObjectInput, 'key'>> = {
  RS256: { padding: constants.RSA_PKCS1_PADDING },
  PS256: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST },
  ES256: { dsaEncoding: 'ieee-p1363' },
};

/**
 * JWS compact form (RFC 7515 section 7.1). An RSA signature would hold the event loop for a quarter of a
 * millisecond, so it is made in the thread pool, which jsonwebtoken cannot; a signature of ES256 takes less
 * time than the way there and back.
 */
async function signCompact(
  typ: TokenTyp,
  payload: object,
  { privateKey, alg, kid }: SigningKey,
): Promise<string> {
  const input = `${encode({ alg, typ, kid })}.${encode(payload)}`;
  const key = { key: privateKey, ...SIGNATURE[alg] };
  const bytes = Buffer.from(input);
  const signature =
    alg === 'ES256' ? cryptoSign('sha256', bytes, key) : await signAsync('sha256', bytes, key);
  return `${input}.${signature.toString('base64url')}`;
}

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
