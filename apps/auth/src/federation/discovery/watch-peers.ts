import type { Peers } from '@romm-netplay/peers';
import type { RegisteredIssuer } from '@romm-netplay/protocol';
import { createSteadyClock } from '@romm-netplay/service-kit';
import { BLANK, type KnownRooms, noteAnswer, noteFailure, type Notice, standing } from './peer-board.js';
import { BUSY_FOR_MS, waitAfterPull } from './pull-schedule.js';
import { isStillGood, pullRooms, type PullRoomsDeps } from './pull-rooms.js';

export interface WatchPeersOptions extends Pick<PullRoomsDeps, 'issueAssertion'> {
  readonly peers: Pick<Peers, 'all' | 'fetchFor'>;
  /** Told when asking an instance begins to fail; not again until it has answered. */
  readonly onError: (error: unknown, issuer: string) => void;
  /** Told when it has. */
  readonly onMended: (issuer: string) => void;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** In [0, 1). */
  readonly random?: () => number;
  /** How often it is looked who is due. */
  readonly tickMs?: number;
}

/** What other instances told of their rooms, kept up to date behind everybody's back. */
export interface PeerWatch {
  /** As known now; waits for nobody. @throws StateUnavailableError until the registry was read once */
  known(): readonly KnownRooms[];
  close(): Promise<void>;
}

/** So that a start, or an outage of many, does not ask all of 200 at one moment. */
const MAX_RUNNING = 16;

/** An active instance as it is asked from time to time. */
interface Watched {
  notice: Notice;
  dueAtMs: number;
  running: Promise<void> | undefined;
}

export function startWatchingPeers(options: WatchPeersOptions): PeerWatch {
  const { peers, issueAssertion, onError, onMended, random = Math.random, tickMs = 250 } = options;
  // One that is put back would keep everybody waiting until it is as late again.
  const now = createSteadyClock(options.now);
  const watched = new Map<string, Watched>();
  let lookedAtMs = now();
  let running = 0;
  let closed = false;

  async function pull(peer: RegisteredIssuer, entry: Watched): Promise<void> {
    running += 1;
    try {
      const deps = { fetch: peers.fetchFor(peer.issuer), issueAssertion };
      const pulled = await pullRooms(deps, peer, entry.notice.pulled);
      if (entry.notice.failures > 0) onMended(peer.issuer);
      entry.notice = noteAnswer(pulled, now());
    } catch (error) {
      if (entry.notice.failures === 0 && !closed) onError(error, peer.issuer);
      entry.notice = noteFailure(entry.notice, error);
    }
    const isBusy = now() - lookedAtMs < BUSY_FOR_MS;
    entry.dueAtMs = now() + waitAfterPull({ failures: entry.notice.failures, isBusy }, random());
    entry.running = undefined;
    running -= 1;
  }

  function active(): RegisteredIssuer[] {
    const all = peers.all().filter(({ state }) => state === 'active');
    const issuers = new Set(all.map(({ issuer }) => issuer));
    for (const issuer of watched.keys()) if (!issuers.has(issuer)) watched.delete(issuer);
    return all;
  }

  function entryOf(peer: RegisteredIssuer): Watched {
    const entry = watched.get(peer.issuer) ?? { notice: BLANK, dueAtMs: 0, running: undefined };
    const { pulled } = entry.notice;
    if (pulled !== undefined && !isStillGood(pulled, peer))
      Object.assign(entry, { notice: BLANK, dueAtMs: 0 });
    watched.set(peer.issuer, entry);
    return entry;
  }

  function tick(): void {
    let records: RegisteredIssuer[];
    try {
      records = active();
    } catch {
      // The registry was not read yet; whoever follows it says so.
      return;
    }
    // Who has waited longest goes first, so that no number of dead ones keeps the others waiting.
    const due = records
      .map((peer) => ({ peer, entry: entryOf(peer) }))
      .filter(({ entry }) => entry.running === undefined && entry.dueAtMs <= now())
      .sort((one, other) => one.entry.dueAtMs - other.entry.dueAtMs);
    for (const { peer, entry } of due.slice(0, Math.max(0, MAX_RUNNING - running))) {
      entry.running = pull(peer, entry);
    }
  }

  /** Nobody had looked for a while: what was asked for rarely is asked for now, behind this very look. */
  function wake(): void {
    const wasIdle = now() - lookedAtMs >= BUSY_FOR_MS;
    lookedAtMs = now();
    if (!wasIdle) return;
    for (const entry of watched.values()) if (entry.notice.failures === 0) entry.dueAtMs = 0;
    tick();
  }

  const ticking = setInterval(tick, tickMs);
  return {
    known() {
      const records = active();
      wake();
      return records.map((peer) => standing(peer, entryOf(peer).notice, now()));
    },
    async close() {
      closed = true;
      clearInterval(ticking);
      await Promise.all([...watched.values()].flatMap((entry) => entry.running ?? []));
    },
  };
}
