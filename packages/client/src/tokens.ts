import type { AuthAccess } from './auth-access.js';
import type { Credential } from './credential.js';
import { badResponse, requestJson } from './http.js';
import type { Runtime } from './runtime.js';

export type TokenType = 'read' | 'write';

export interface MintedToken {
  readonly token: string;
  /** On the runtime's clock, not on the wall: device clocks are often wrong. */
  readonly expiresAtMs: number;
  /** Of the credential it was minted with. */
  readonly epoch: number;
}

export interface Tokens {
  /** The read token, kept until a minute before its expiry; concurrent callers share one request (P1.10). */
  read(): Promise<string>;
  /** A new write token, for one opening or joining. */
  write(): Promise<string>;
  /** Forgets a read token that a node refused, unless a newer one is kept already. */
  drop(token: string): void;
  /** A new token, shared with nobody. */
  mint(type: TokenType): Promise<MintedToken>;
}

/** A kept token is renewed this long before it expires. */
export const RENEW_BEFORE_MS = 60_000;

export interface TokensDeps {
  readonly runtime: Runtime;
  readonly authUrl: string;
  readonly auth: AuthAccess;
  readonly credential: Pick<Credential, 'epoch' | 'cookies'>;
  /** Issuer URL of the instance that the tokens are for; the own one by default. */
  readonly audience?: string;
}

export function createTokens({ runtime, authUrl, auth, credential, audience }: TokensDeps): Tokens {
  const url = `${authUrl}/api/sfu/token`;
  let kept: MintedToken | undefined;
  let flight: { epoch: number; token: Promise<string> } | undefined;

  const mint = (type: TokenType): Promise<MintedToken> =>
    auth.withAuthorization(async (authorization) => {
      const { epoch } = credential;
      const askedAtMs = runtime.now();
      const body = { token_type: type, audience };
      const reply = await requestJson(runtime, url, { body, authorization, credentials: credential.cookies });
      const { token, expires } = reply as Record<string, unknown>;
      if (typeof token !== 'string' || token === '' || typeof expires !== 'number') {
        throw badResponse(url);
      }
      return { token, expiresAtMs: askedAtMs + expires * 1_000, epoch };
    });

  function renew(epoch: number): Promise<string> {
    const token = mint('read')
      .then((minted) => (kept = minted).token)
      .finally(() => {
        if (flight?.token === token) flight = undefined;
      });
    flight = { epoch, token };
    return token;
  }

  return {
    read() {
      const { epoch } = credential;
      if (kept?.epoch === epoch && runtime.now() < kept.expiresAtMs - RENEW_BEFORE_MS) {
        return Promise.resolve(kept.token);
      }
      return flight?.epoch === epoch ? flight.token : renew(epoch);
    },
    write: async () => (await mint('write')).token,
    drop(token) {
      if (kept?.token === token) kept = undefined;
    },
    mint,
  };
}
