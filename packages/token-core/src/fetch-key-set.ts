import { createHash } from 'node:crypto';
import { type VerificationKey, verificationKeyFromJwk } from './keys.js';
import { readBounded } from './read-bounded.js';

export interface FetchedKeySet {
  readonly keys: ReadonlyMap<string, VerificationKey>;
  /** Tells one content from another: the issuer's ETag, or a digest of what came. */
  readonly etag: string;
  /** What the issuer allows (Cache-Control max-age), in milliseconds. */
  readonly maxAgeMs: number | undefined;
}

const MAX_JWKS_BYTES = 64 * 1024;
const MAX_KEYS = 100;

/**
 * Fetches a JWK Set, or confirms the known one by a conditional request. Follows no redirect, reads no more
 * than 64 KB, and takes every key it cannot use for absent.
 */
export async function fetchKeySet(
  fetchFn: typeof fetch,
  url: string,
  timeoutMs: number,
  known?: FetchedKeySet,
): Promise<FetchedKeySet> {
  const response = await fetchFn(url, {
    redirect: 'error',
    headers: { accept: 'application/json', ...(known && { 'if-none-match': known.etag }) },
    signal: AbortSignal.timeout(timeoutMs),
  });
  const maxAgeMs = maxAgeOf(response.headers.get('cache-control'));
  if (response.status === 304 && known !== undefined) return { ...known, maxAgeMs };
  if (response.status !== 200) throw new Error(`The key set answered ${response.status}.`);
  const text = await readBounded(response, MAX_JWKS_BYTES);
  const etag = response.headers.get('etag') ?? `"${createHash('sha256').update(text).digest('base64url')}"`;
  // The known key objects stay: whatever was concluded from them still holds.
  return { keys: known?.etag === etag ? known.keys : readKeys(text), etag, maxAgeMs };
}

function readKeys(text: string): Map<string, VerificationKey> {
  const body = JSON.parse(text) as { keys?: unknown } | null;
  if (!Array.isArray(body?.keys)) throw new Error('The key set has no "keys" array.');
  if (body.keys.length > MAX_KEYS) throw new Error(`The key set has more than ${MAX_KEYS} keys.`);
  const keys = new Map<string, VerificationKey>();
  for (const jwk of body.keys as unknown[]) {
    // A key of a kind we do not know must not hide the ones we do (RFC 7517 section 5).
    const key = tryReadKey(jwk);
    if (key === undefined) continue;
    if (keys.has(key.kid)) throw new Error('The key set names one kid twice.');
    keys.set(key.kid, key);
  }
  return keys;
}

function tryReadKey(jwk: unknown): VerificationKey | undefined {
  try {
    return verificationKeyFromJwk(jwk as Record<string, unknown>);
  } catch {
    return undefined;
  }
}

function maxAgeOf(cacheControl: string | null): number | undefined {
  const seconds = /(?:^|[\s,])max-age=(\d{1,9})/i.exec(cacheControl ?? '')?.[1];
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}
