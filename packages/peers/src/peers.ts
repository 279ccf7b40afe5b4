import { type OutboundFetch, type Resolve } from '@romm-netplay/outbound';
import type { RegisteredIssuer } from '@romm-netplay/protocol';
import { followIssuers, type IssuerFeed } from '@romm-netplay/shared-state';
import type { RemoteKeySet, TrustedIssuers } from '@romm-netplay/token-core';
import { boundedBySystem, createBoundedResolve } from './bounded-resolve.js';
import { createPeerFetch, isSameReach } from './peer-fetch.js';
import { createPeerKeys } from './peer-keys.js';

export interface PeersOptions {
  readonly registry: IssuerFeed;
  /** Told of every issuer that is new, has changed, or was removed (`now` undefined). Must not throw. */
  readonly onChanged?: (issuer: string, now: RegisteredIssuer | undefined) => void;
  /** Told when the registry cannot be read, or keys of an issuer not fetched, from now on. */
  readonly onError: (error: unknown, issuer?: string) => void;
  /** Told when that works again. */
  readonly onMended?: (issuer?: string) => void;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  readonly pollMs?: number;
  /** How names are looked up; the system's resolver by default. */
  readonly resolve?: Resolve;
}

/** Other instances as one process knows them: who is trusted, by which keys, and how each is called. */
export interface Peers {
  /** In whatever state it is. @throws StateUnavailableError until the registry was read once */
  get(issuer: string): RegisteredIssuer | undefined;
  /** @throws StateUnavailableError until the registry was read once */
  all(): readonly RegisteredIssuer[];
  /**
   * The keys of an active issuer; undefined for every other one, so that its tokens count for nothing from the
   * moment it is suspended. @throws StateUnavailableError until the registry was read once
   */
  readonly trusted: TrustedIssuers;
  /** For calling one that is registered, and only with what is allowed for it. @throws TypeError for others */
  fetchFor(issuer: string): typeof fetch;
  /** Reads what is new in the registry now; for the process that has just changed it. Does not reject. */
  refresh(): Promise<void>;
  close(): Promise<void>;
}

/** What was opened to reach one of them. */
interface Open {
  readonly record: RegisteredIssuer;
  readonly fetch: OutboundFetch;
  readonly keys: RemoteKeySet;
}

export function createPeers(options: PeersOptions): Peers {
  const { registry, onChanged, onError, onMended = () => undefined, now, pollMs } = options;
  const resolve = options.resolve === undefined ? boundedBySystem : createBoundedResolve(options.resolve);
  const open = new Map<string, Open>();

  const followed = followIssuers({
    registry,
    ...(pollMs !== undefined && { pollMs }),
    onError: (error) => onError(error),
    onMended: () => onMended(),
    onChanged(issuer, record) {
      const before = open.get(issuer);
      if (before !== undefined && !isStillGood(before.record, record)) {
        open.delete(issuer);
        before.keys.close();
        void before.fetch.close();
      }
      onChanged?.(issuer, record);
    },
  });

  /** Opened when it is needed first: most of what is registered is asked for nothing most of the time. */
  function openFor(record: RegisteredIssuer): Open {
    const known = open.get(record.issuer);
    if (known !== undefined) return known;
    const fetch = createPeerFetch(record, resolve);
    const { issuer, pinned_keys: pinned } = record;
    const keys = createPeerKeys({
      ...{ issuer, pinned, fetch, now },
      onError: (error) => onError(error, issuer),
      onMended: () => onMended(issuer),
    });
    const opened = { record, fetch, keys };
    open.set(issuer, opened);
    return opened;
  }

  return {
    get: followed.get,
    all: followed.all,
    trusted(issuer) {
      const record = followed.get(issuer);
      if (record?.state !== 'active') return undefined;
      try {
        return openFor(record).keys;
      } catch (error) {
        // A certificate or key that cannot be read was not written by our auth; nobody is trusted by it.
        onError(error, issuer);
        return undefined;
      }
    },
    fetchFor(issuer) {
      const record = followed.get(issuer);
      if (record === undefined) throw new TypeError('Only registered instances are called.');
      return openFor(record).fetch;
    },
    refresh: followed.refresh,
    async close() {
      followed.close();
      const opened = [...open.values()];
      open.clear();
      for (const { keys } of opened) keys.close();
      await Promise.all(opened.map(({ fetch }) => fetch.close()));
    },
  };
}

/** Keys and connections outlive a change that is not about them: nobody has to wait because a label changed. */
const isStillGood = (before: RegisteredIssuer, now: RegisteredIssuer | undefined): boolean =>
  now !== undefined &&
  isSameReach(before, now) &&
  JSON.stringify(before.pinned_keys) === JSON.stringify(now.pinned_keys);
