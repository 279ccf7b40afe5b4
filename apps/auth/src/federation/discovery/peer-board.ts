import type { KnownInstance, RegisteredIssuer, SharedRooms } from '@romm-netplay/protocol';
import { PullRefusedError, type Pulled } from './pull-rooms.js';

/** What was heard this short a time ago counts as it is. */
const FRESH_MS = 60_000;
/** What is older than this is not shown any more. */
const KEPT_MS = 120_000;

/** What one instance told last, and how asking it has gone since. */
export interface Notice {
  readonly pulled: Pulled | undefined;
  readonly pulledAtMs: number;
  readonly failures: number;
  readonly refused: boolean;
}

export const BLANK: Notice = { pulled: undefined, pulledAtMs: -Infinity, failures: 0, refused: false };

export const noteAnswer = (pulled: Pulled, nowMs: number): Notice => ({
  pulled,
  pulledAtMs: nowMs,
  failures: 0,
  refused: false,
});

/** Who is turned away is told of no rooms either: what was heard before is not shown on. */
export const noteFailure = (before: Notice, error: unknown): Notice => {
  const failures = before.failures + 1;
  return error instanceof PullRefusedError ? { ...BLANK, failures, refused: true } : { ...before, failures };
};

export interface KnownRooms {
  readonly instance: KnownInstance;
  readonly shared: SharedRooms | undefined;
  readonly peer: RegisteredIssuer;
}

/** How an instance stands at a moment, as players are told. */
export function standing(peer: RegisteredIssuer, notice: Notice, nowMs: number): KnownRooms {
  const { issuer, label } = peer;
  const ageMs = notice.pulled === undefined ? null : Math.max(0, nowMs - notice.pulledAtMs);
  const state = stateOf(notice, ageMs);
  const isShown = state === 'fresh' || state === 'stale';
  const shared = isShown ? notice.pulled?.shared : undefined;
  const nodes = shared?.nodes ?? [];
  const mayJoin = shared?.permissions.includes('rooms:join') ?? false;
  return { instance: { issuer, label, state, age_ms: ageMs, nodes, may_join: mayJoin }, shared, peer };
}

function stateOf({ refused, failures }: Notice, ageMs: number | null): KnownInstance['state'] {
  if (refused) return 'refused';
  if (ageMs === null || ageMs > KEPT_MS) return 'unreachable';
  return failures === 0 && ageMs <= FRESH_MS ? 'fresh' : 'stale';
}
