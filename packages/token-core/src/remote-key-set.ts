import { TokenError } from './errors.js';
import type { KeySet } from './key-set.js';
import { type VerificationKey, verificationKeyFromJwk } from './keys.js';

export interface RemoteKeySetOptions {
  /** Where the issuer publishes its keys (RFC 7517). */
  readonly jwksUrl: string;
  /** How long a fetched set is used before it is fetched again. */
  readonly maxAgeMs?: number;
  /** The shortest time between two fetches, whatever `kid`s are asked for. */
  readonly cooldownMs?: number;
  readonly timeoutMs?: number;
  readonly fetch?: typeof fetch;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  /** Told of every failed fetch, for the log. */
  readonly onError?: (error: unknown) => void;
}

export interface RemoteKeySet extends KeySet {
  /** Fetches unless a usable set is at hand; for readiness checks. @throws TokenError keys_unavailable */
  ready(): Promise<void>;
}

const MAX_JWKS_BYTES = 64 * 1024;
const MAX_KEYS = 32;

/**
 * The published keys of another process, cached.
 *
 * One fetch is in flight at a time; an unknown `kid` fetches at once, but a flood of forged ones causes at
 * most one fetch per cool-down; a set that cannot be refreshed is served stale.
 */
export function createRemoteKeySet(options: RemoteKeySetOptions): RemoteKeySet {
  const { jwksUrl, maxAgeMs = 600_000, cooldownMs = 30_000, timeoutMs = 3_000 } = options;
  const { fetch: fetchJwks = fetch, now = Date.now, onError = () => undefined } = options;
  let keys: ReadonlyMap<string, VerificationKey> | undefined;
  let fetchedAtMs = -Infinity;
  let retryAtMs = -Infinity;
  let inFlight: Promise<void> | undefined;

  async function refresh(): Promise<void> {
    try {
      keys = await download(fetchJwks, jwksUrl, timeoutMs);
      fetchedAtMs = now();
      retryAtMs = fetchedAtMs + cooldownMs;
    } catch (error) {
      // A failed first fetch may be repeated soon: the issuer is probably just starting.
      retryAtMs = now() + (keys === undefined ? Math.min(1_000, cooldownMs) : cooldownMs);
      onError(error);
      if (keys === undefined) throw new TokenError('keys_unavailable', { cause: error });
    }
  }

  function refreshOnce(): Promise<void> {
    if (inFlight !== undefined) return inFlight;
    if (now() < retryAtMs) {
      return keys === undefined ? Promise.reject(new TokenError('keys_unavailable')) : Promise.resolve();
    }
    inFlight = refresh().finally(() => {
      inFlight = undefined;
    });
    return inFlight;
  }

  return {
    find(kid) {
      const key = keys?.get(kid);
      if (key !== undefined) {
        // Serve what is at hand; an old set is renewed behind the request.
        if (now() - fetchedAtMs > maxAgeMs) refreshOnce().catch(() => undefined);
        return key;
      }
      if (keys !== undefined && inFlight === undefined && now() < retryAtMs) return undefined;
      return refreshOnce().then(() => keys?.get(kid));
    },
    ready: () => (keys === undefined ? refreshOnce() : Promise.resolve()),
  };
}

async function download(
  fetchJwks: typeof fetch,
  url: string,
  timeoutMs: number,
): Promise<Map<string, VerificationKey>> {
  const response = await fetchJwks(url, {
    redirect: 'error',
    headers: { accept: 'application/json' },
    signal: AbortSignal.timeout(timeoutMs),
  });
  if (!response.ok) throw new Error(`The key set answered ${response.status}.`);
  const body = JSON.parse(await readBounded(response)) as { keys?: unknown };
  if (!Array.isArray(body.keys)) throw new Error('The key set has no "keys" array.');
  const keys = new Map<string, VerificationKey>();
  for (const jwk of body.keys.slice(0, MAX_KEYS) as unknown[]) {
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

async function readBounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > MAX_JWKS_BYTES) throw new Error(`The key set is larger than ${MAX_JWKS_BYTES} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
