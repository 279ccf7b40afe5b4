import { TokenError } from './errors.js';
import { fetchKeySet, type FetchedKeySet } from './fetch-key-set.js';
import type { KeySet } from './key-set.js';

export interface RemoteKeySetOptions {
  /** Where the issuer publishes its keys (RFC 7517). */
  readonly jwksUrl: string;
  /** How long a set is used when the issuer does not say (Cache-Control max-age). */
  readonly defaultMaxAgeMs?: number;
  /** How long a set that cannot be renewed is still used; after that nothing can be verified. */
  readonly maxStaleMs?: number;
  /** The shortest time between two fetches for unknown `kid`s; doubles while they find nothing. */
  readonly cooldownMs?: number;
  readonly timeoutMs?: number;
  /**
   * Renews a set that is past its time before it is used, and uses it stale only when that fails. For issuers
   * that are asked for nothing most of the time: what they withdrew long ago must not count once more.
   */
  readonly waitWhenStale?: boolean;
  /**
   * Asks this often whether the set has changed (a conditional request). For the nodes of the issuer's own
   * instance, which must notice a withdrawn key within a second; undefined: only when needed.
   */
  readonly pollMs?: number;
  readonly fetch?: typeof fetch;
  /** Milliseconds since any moment; only goes on: waits and ages are measured by it. */
  readonly now?: () => number;
  /** Told when fetching begins to fail, and of the first error after it worked. */
  readonly onError?: (error: unknown) => void;
  /** Told when it works again. */
  readonly onMended?: () => void;
  /** Told when another set has taken the place of a known one: whatever was concluded from the old one is void. */
  readonly onChange?: () => void;
}

export interface RemoteKeySet extends KeySet {
  /** Fetches unless a usable set is at hand; for readiness checks. @throws TokenError keys_unavailable */
  ready(): Promise<void>;
  /** Stops polling. */
  close(): void;
}

const MIN_MAX_AGE_MS = 1_000;
const MAX_MAX_AGE_MS = 3_600_000;
const MAX_DOUBLINGS = 4;
/** A set in the last fifth of its time is renewed behind the request that finds it so. */
const RENEW_AT = 0.8;

/**
 * The published keys of another process, cached.
 *
 * One fetch is in flight at a time. A set is renewed in the background before it is too old, and used stale,
 * within a bound, while the issuer is down. An unknown `kid` fetches at once, but a flood of forged ones
 * causes at most one fetch per cool-down, and fewer the longer it lasts.
 */
export function createRemoteKeySet(options: RemoteKeySetOptions): RemoteKeySet {
  const { jwksUrl, timeoutMs = 3_000, fetch: fetchFn = fetch, now = () => performance.now() } = options;
  const { defaultMaxAgeMs = 300_000, maxStaleMs = 24 * 3_600_000, cooldownMs = 30_000 } = options;
  const { onError = () => undefined, onChange = () => undefined } = options;
  let set: FetchedKeySet | undefined;
  let fetchedAtMs = -Infinity;
  /** After a failed fetch, none before this. */
  let retryAtMs = -Infinity;
  /** After a fetch for an unknown kid, none for another before this. */
  let nextKidFetchAtMs = -Infinity;
  /** Fetches for unknown kids in a row that did not find them. */
  let fruitless = 0;
  let failing = false;
  let inFlight: Promise<void> | undefined;

  const usable = (): FetchedKeySet | undefined =>
    set !== undefined && now() - fetchedAtMs <= maxAgeOf(set) + maxStaleMs ? set : undefined;
  const maxAgeOf = ({ maxAgeMs = defaultMaxAgeMs }: FetchedKeySet) =>
    Math.min(Math.max(maxAgeMs, MIN_MAX_AGE_MS), MAX_MAX_AGE_MS);

  async function fetchOnce(): Promise<void> {
    try {
      const fetched = await fetchKeySet(fetchFn, jwksUrl, timeoutMs, set);
      const changed = set !== undefined && set.etag !== fetched.etag;
      set = fetched;
      fetchedAtMs = now();
      if (failing) options.onMended?.();
      failing = false;
      if (changed) onChange();
    } catch (error) {
      // A failed first fetch may be repeated soon: the issuer is probably just starting.
      retryAtMs = now() + (set === undefined ? Math.min(1_000, cooldownMs) : cooldownMs);
      if (!failing) onError(error);
      failing = true;
      if (usable() === undefined) throw new TokenError('keys_unavailable', { cause: error });
    }
  }

  function refresh(): Promise<void> {
    inFlight ??= fetchOnce().finally(() => {
      inFlight = undefined;
    });
    return inFlight;
  }

  /** Fetches unless the last attempt failed just now. */
  function refreshUnlessFailing(): Promise<void> {
    if (inFlight !== undefined || now() >= retryAtMs) return refresh();
    return usable() === undefined ? Promise.reject(new TokenError('keys_unavailable')) : Promise.resolve();
  }

  async function findAfterFetch(kid: string) {
    // A first fetch, or one that somebody else began, is no consequence of this kid.
    const forThisKid = usable() !== undefined && inFlight === undefined;
    await refreshUnlessFailing();
    const key = usable()?.keys.get(kid);
    if (forThisKid) fruitless = key === undefined ? fruitless + 1 : 0;
    const penalty = 2 ** Math.min(Math.max(fruitless - 1, 0), MAX_DOUBLINGS);
    nextKidFetchAtMs = Math.max(nextKidFetchAtMs, now() + cooldownMs * penalty);
    return key;
  }

  const isOverdue = (current: FetchedKeySet): boolean =>
    options.waitWhenStale === true &&
    now() - fetchedAtMs > maxAgeOf(current) &&
    (inFlight !== undefined || now() >= retryAtMs);

  function find(kid: string) {
    const current = usable();
    if (current !== undefined && isOverdue(current)) return refresh().then(() => usable()?.keys.get(kid));
    const key = current?.keys.get(kid);
    if (current === undefined || key === undefined) {
      if (current !== undefined && inFlight === undefined && now() < nextKidFetchAtMs) return undefined;
      return findAfterFetch(kid);
    }
    if (now() - fetchedAtMs > maxAgeOf(current) * RENEW_AT && now() >= retryAtMs)
      refresh().catch(() => undefined);
    return key;
  }

  const polling =
    options.pollMs === undefined
      ? undefined
      : setInterval(() => void refresh().catch(() => undefined), options.pollMs);
  polling?.unref();

  return {
    find,
    ready: () => (usable() === undefined ? refreshUnlessFailing() : Promise.resolve()),
    close: () => clearInterval(polling),
  };
}
