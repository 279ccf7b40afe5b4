import { TokenError } from './errors.js';

export const MAX_TOKEN_BYTES = 8 * 1024;

export interface TokenHeader {
  readonly alg: string;
  readonly kid: string;
  readonly typ: TokenTyp;
}

/** What a signed text is meant for (RFC 8725 section 3.11): a player's token, or a word between instances. */
export const TOKEN_TYPS = ['JWT', 'netplay-assertion+jwt'] as const;
export type TokenTyp = (typeof TOKEN_TYPS)[number];

/** What a token says of itself. Nothing in it may be believed before the signature is checked. */
export interface UnverifiedToken {
  readonly header: TokenHeader;
  readonly payload: Readonly<Record<string, unknown>>;
}

const COMPACT = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*$/;
const EMBEDDED_KEY_MEMBERS = ['jwk', 'jku', 'x5c', 'x5u'] as const;

/**
 * Every token an issuer signs with one key begins with the same header, so a handful of entries answers
 * nearly every look-up. Only accepted headers are kept; the bound holds whatever is sent.
 */
const MAX_KNOWN_HEADERS = 64;
const MAX_KNOWN_HEADER_LENGTH = 512;
const knownHeaders = new Map<string, TokenHeader>();

/**
 * Takes a JWS compact token apart (RFC 7515 section 7.1), stricter than the JWT library: exactly one form
 * of every token is accepted, and every header member that could choose a key or a rule is refused.
 * @throws TokenError
 */
export function parseToken(token: string, typ: TokenTyp = 'JWT'): UnverifiedToken {
  if (token.length > MAX_TOKEN_BYTES) throw new TokenError('token_too_large');
  if (!COMPACT.test(token)) throw malformed(token);
  const headerEnd = token.indexOf('.');
  const payloadEnd = token.indexOf('.', headerEnd + 1);
  assertCanonical(token, 0, headerEnd);
  assertCanonical(token, headerEnd + 1, payloadEnd);
  assertCanonical(token, payloadEnd + 1, token.length);
  const header = parseHeader(token.slice(0, headerEnd));
  if (header.typ !== typ) throw new TokenError('token_typ');
  const payload = parseObject(token.slice(headerEnd + 1, payloadEnd));
  if (payload === undefined) throw new TokenError('token_payload_invalid');
  return { header, payload };
}

/** The header of a token that is in compact form at all, with nothing in it checked. */
export function parseHeaderOf(token: string): Readonly<Record<string, unknown>> | undefined {
  if (token.length > MAX_TOKEN_BYTES || !COMPACT.test(token)) return undefined;
  return parseObject(token.slice(0, token.indexOf('.')));
}

/** The issuer a token claims to be of, to find out who should judge it; nothing in it is checked. */
export function claimedIssuer(token: string): string | undefined {
  if (token.length > MAX_TOKEN_BYTES || !COMPACT.test(token)) return undefined;
  const issuer = parseObject(token.split('.')[1] ?? '')?.['iss'];
  return typeof issuer === 'string' ? issuer : undefined;
}

function malformed(token: string): TokenError {
  if (/^\s*\{/.test(token)) return new TokenError('token_json_serialization');
  const parts = token.split('.');
  const wellShaped = parts.length === 3 && parts[0] !== '' && parts[1] !== '';
  return new TokenError(wellShaped ? 'token_encoding' : 'token_malformed');
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** The bits of the last character that no byte uses must be zero, or one token has several spellings. */
function assertCanonical(token: string, start: number, end: number): void {
  const rest = (end - start) % 4;
  if (rest === 0) return;
  if (rest === 1) throw new TokenError('token_encoding');
  const unusedBits = rest === 2 ? 0b1111 : 0b11;
  if ((ALPHABET.indexOf(token.charAt(end - 1)) & unusedBits) !== 0) throw new TokenError('token_encoding');
}

function parseHeader(segment: string): TokenHeader {
  const known = knownHeaders.get(segment);
  if (known !== undefined) return known;
  const header = checkHeader(parseObject(segment));
  if (knownHeaders.size < MAX_KNOWN_HEADERS && segment.length <= MAX_KNOWN_HEADER_LENGTH) {
    knownHeaders.set(segment, header);
  }
  return header;
}

function checkHeader(header: Record<string, unknown> | undefined): TokenHeader {
  if (header === undefined) throw new TokenError('token_header_invalid');
  const { alg, kid, typ } = header;
  if ('crit' in header) throw new TokenError('token_crit');
  if (EMBEDDED_KEY_MEMBERS.some((member) => member in header)) throw new TokenError('token_embedded_key');
  if (typeof alg !== 'string') throw new TokenError('token_header_invalid');
  if (alg.toLowerCase() === 'none') throw new TokenError('token_alg_none');
  if (!isTokenTyp(typ)) throw new TokenError('token_typ');
  if (typeof kid !== 'string' || kid === '') throw new TokenError('token_kid_missing');
  return { alg, kid, typ };
}

const isTokenTyp = (value: unknown): value is TokenTyp => (TOKEN_TYPS as readonly unknown[]).includes(value);

function parseObject(segment: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(segment, 'base64url').toString());
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
