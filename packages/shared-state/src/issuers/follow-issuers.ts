import type { RegisteredIssuer } from '@romm-netplay/protocol';
import { StateUnavailableError } from '../errors.js';
import { createRounds } from '../rounds.js';
import type { IssuerFeed } from './issuer-feed.js';

/** With the way to Redis and back, every process knows of a change within a second (P2.4). */
const POLL_MS = 400;

export interface FollowIssuersOptions {
  readonly registry: IssuerFeed;
  /** Told of every issuer that is new, has changed, or was removed (`now` undefined). Must not throw. */
  readonly onChanged?: (issuer: string, now: RegisteredIssuer | undefined) => void;
  /** Told when the registry cannot be read from now on; every poll tries again. */
  readonly onError: (error: unknown) => void;
  /** Told when it can be read again. */
  readonly onMended?: () => void;
  readonly pollMs?: number;
}

/** What one process knows of the issuers, without asking anybody. */
export interface FollowedIssuers {
  /**
   * In whatever state it is. While the registry is away or was emptied, what was known last still counts.
   * @throws StateUnavailableError until the registry was read once
   */
  get(issuer: string): RegisteredIssuer | undefined;
  /** @throws StateUnavailableError until the registry was read once */
  all(): readonly RegisteredIssuer[];
  /** Reads what is new now; for the process that has just changed something. Does not reject. */
  refresh(): Promise<void>;
  close(): void;
}

/**
 * Follows the registry by its version, and reads the list only when that has changed. What it tells are the
 * differences between two lists, so a missed change heals with the next poll.
 */
export function followIssuers(options: FollowIssuersOptions): FollowedIssuers {
  const { registry, onChanged, onError, onMended, pollMs = POLL_MS } = options;
  let known: ReadonlyMap<string, RegisteredIssuer> | undefined;
  let knownVersion: number | undefined;
  let failing = false;
  let closed = false;

  async function read(): Promise<void> {
    try {
      const unchanged = (await registry.version()) === knownVersion;
      const list = unchanged ? undefined : await registry.list();
      if (closed) return;
      // A Redis that was emptied tells of no removal: auth is about to publish again.
      if (list?.version === 0 && knownVersion !== undefined) throw new StateUnavailableError();
      if (failing) onMended?.();
      failing = false;
      if (list === undefined) return;
      const before = known ?? new Map<string, RegisteredIssuer>();
      const after = new Map(list.issuers.map((record) => [record.issuer, record]));
      // Everything is in place before the first is told of.
      known = after;
      knownVersion = list.version;
      for (const [issuer, record] of after) {
        if (before.get(issuer)?.version !== record.version) onChanged?.(issuer, record);
      }
      for (const issuer of before.keys()) if (!after.has(issuer)) onChanged?.(issuer, undefined);
    } catch (error) {
      if (!failing && !closed) onError(error);
      failing = true;
    }
  }

  const rounds = createRounds(read);

  function knownOrThrow(): ReadonlyMap<string, RegisteredIssuer> {
    if (known === undefined) throw new StateUnavailableError();
    return known;
  }

  const polling = setInterval(() => {
    if (rounds.running === undefined) void rounds.next();
  }, pollMs);
  void rounds.next();

  return {
    get: (issuer) => knownOrThrow().get(issuer),
    all: () => [...knownOrThrow().values()],
    refresh: rounds.next,
    close() {
      closed = true;
      clearInterval(polling);
    },
  };
}
