import type { Peers } from '@romm-netplay/peers';
import { FEDERATION_API } from '@romm-netplay/protocol';
import type { TokenIssuer } from '@romm-netplay/token-core';
import type { EndedVisitStore, HostToTell } from './ended-visit-store.js';

export interface TellHostDeps {
  readonly endedVisits: EndedVisitStore;
  readonly peers: Pick<Peers, 'fetchFor'>;
  readonly issuer: Pick<TokenIssuer, 'issueAssertion'>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** From 0 to 1. */
  readonly random: () => number;
  /** Breaks off the calls. */
  readonly signal: AbortSignal;
}

/** As many as a call may name. */
const BATCH = 100;
/** Longer than a call can take, so that no other replica calls meanwhile. */
const FIRST_WAIT_MS = 5_000;
const LONGEST_WAIT_MS = 600_000;

/** When to try again after so many tries in vain; replicas and instances spread out. */
export function waitMs(tries: number, random: () => number): number {
  const full = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** tries);
  return Math.round(full * (1 + random() / 2));
}

/**
 * Tells a host of every visit that has ended and is due. What it takes for a call is due again after a while,
 * whatever becomes of the call. @throws whatever the call failed with
 */
export async function tellHost(deps: TellHostDeps, { audience, tries }: HostToTell): Promise<void> {
  const { endedVisits, now, random, signal } = deps;
  while (!signal.aborted) {
    const nowMs = now();
    const until = { nowMs, nextTryAtMs: nowMs + waitMs(tries, random), limit: BATCH };
    const grantIds = await endedVisits.take(audience, until);
    if (grantIds.length === 0) return;
    await call(deps, audience, grantIds);
    await endedVisits.told(audience, grantIds, now());
  }
}

async function call(
  { peers, issuer, signal }: TellHostDeps,
  audience: string,
  grantIds: readonly string[],
): Promise<void> {
  const assertion = await issuer.issueAssertion(audience);
  const { method, path } = FEDERATION_API.endGuests;
  const response = await peers.fetchFor(audience)(`${audience}${path}`, {
    method: method.toUpperCase(),
    headers: { authorization: `Bearer ${assertion}`, 'content-type': 'application/json' },
    body: JSON.stringify({ session_ids: grantIds }),
    signal,
  });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`The instance answered ${response.status}.`);
}
