import type { Credential } from './credential.js';
import { clientError, NetplayError } from './errors.js';
import { badResponse, requestJson } from './http.js';
import { retrying } from './retry.js';
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
  readonly credential: Credential;
  /** How often a request may be made before giving up. */
  readonly tries?: number;
}

export function createTokens({ runtime, authUrl, credential, tries }: TokensDeps): Tokens {
  const url = `${authUrl}/api/sfu/token`;
  let kept: MintedToken | undefined;
  let flight: { epoch: number; token: Promise<string> } | undefined;

  async function ask(type: TokenType, authorization: string | undefined): Promise<MintedToken> {
    const { epoch } = credential;
    const askedAtMs = runtime.now();
    const body = { token_type: type };
    const reply = await requestJson(runtime, url, { body, authorization, credentials: credential.cookies });
    const { token, expires } = reply as Record<string, unknown>;
    if (typeof token !== 'string' || token === '' || typeof expires !== 'number') {
      throw badResponse(url);
    }
    return { token, expiresAtMs: askedAtMs + expires * 1_000, epoch };
  }

  async function mintOnce(type: TokenType): Promise<MintedToken> {
    const authorization = await credential.authorization();
    const { epoch } = credential;
    try {
      return await ask(type, authorization);
    } catch (error) {
      if (!(error instanceof NetplayError)) throw error;
      // What servers answer that give their refusals no code.
      if (error.code === 'http_403') throw clientError('not_signed_in', { status: 403 });
      if (error.status !== 401 || authorization === undefined) throw error;
      if (error.code === 'token_revoked') credential.ended(epoch);
      const renewed = await credential.authorization(authorization);
      if (renewed === authorization) throw error;
      return ask(type, renewed);
    }
  }

  const mint = (type: TokenType) =>
    retrying(runtime, () => mintOnce(type), tries === undefined ? {} : { tries });

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
