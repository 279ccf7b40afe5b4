import type { Peers } from '@romm-netplay/peers';
import type { HostToTell } from './ended-visit-store.js';
import { tellHost, type TellHostDeps } from './tell-host.js';

/** How long it takes at most until a visit that a killed replica ended is told of by another. */
const LOOK_INTERVAL_MS = 1_000;
/** Tokens and sockets of a visit are over by then, or the host is gone for good. */
const GIVE_UP_AFTER_MS = 24 * 3600 * 1000;

export interface KeepTellingHostsDeps extends Omit<TellHostDeps, 'peers' | 'random' | 'signal'> {
  readonly peers: Pick<Peers, 'get' | 'fetchFor'>;
  readonly random?: () => number;
  /** A call failed; it is repeated later. */
  readonly onUntold: (audience: string, error: unknown) => void;
  /** A call did not fail. */
  readonly onTold: (audience: string) => void;
  /** A host was not reached for a day, and will not hear of these visits. */
  readonly onGivenUp: (audience: string, visits: number) => void;
  /** Told when the database begins to be away; the next look tries again. */
  readonly onError: (error: unknown) => void;
  readonly onMended: () => void;
}

export interface HostTeller {
  /** Tells of what ended just now. Returns at once. */
  announce(): void;
  close(): Promise<void>;
}

/**
 * Tells hosts of the visits that ended here (P3.7, P3.8). Each host has one call at a time and a way of its
 * own, so that a slow one holds up nobody else; there are never more calls than registered instances.
 */
export function startTellingHosts(deps: KeepTellingHostsDeps): HostTeller {
  const {
    endedVisits,
    peers,
    now,
    random = Math.random,
    onUntold,
    onTold,
    onGivenUp,
    onError,
    onMended,
  } = deps;
  const stop = new AbortController();
  const calls = new Map<string, Promise<void>>();
  let running: Promise<void> | undefined;
  let again = false;
  let failing = false;

  function tell(host: HostToTell): void {
    const { audience } = host;
    // Who is not registered cannot be called; it may come back within the day.
    if (calls.has(audience) || peers.get(audience) === undefined) return;
    const told = tellHost({ ...deps, random, signal: stop.signal }, host)
      .then(() => {
        if (!stop.signal.aborted) onTold(audience);
      })
      .catch((error: unknown) => {
        if (!stop.signal.aborted) onUntold(audience, error);
      })
      .finally(() => calls.delete(audience));
    calls.set(audience, told);
  }

  async function look(): Promise<void> {
    try {
      const due = await endedVisits.listDue(now());
      if (failing) onMended();
      failing = false;
      if (due.length === 0 || stop.signal.aborted) return;
      for (const { audience, visits } of await endedVisits.giveUp(now() - GIVE_UP_AFTER_MS)) {
        onGivenUp(audience, visits);
      }
      for (const host of due) tell(host);
    } catch (error) {
      if (!failing) onError(error);
      failing = true;
    }
  }

  async function run(): Promise<void> {
    do {
      again = false;
      await look();
      // Set by `announce` while this look was under way.
    } while (again as boolean);
    running = undefined;
  }

  function announce(): void {
    if (stop.signal.aborted) return;
    again = true;
    running ??= run();
  }

  const looking = setInterval(announce, LOOK_INTERVAL_MS);
  announce();

  return {
    announce,
    async close() {
      clearInterval(looking);
      stop.abort();
      await running;
      await Promise.all(calls.values());
    },
  };
}
