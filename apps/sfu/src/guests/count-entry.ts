import { createHash } from 'node:crypto';
import { DEFAULT_QUOTAS } from '@romm-netplay/protocol';
import type { AttemptLimiter, AttemptRule } from '@romm-netplay/shared-state';
import { SocketError } from '../errors.js';
import type { Player } from '../players/player.js';
import type { GuestDeps } from './assert-may.js';

/**
 * Counts a room that a player opens or joins, against what their instance may; those of this instance are not
 * counted. @throws SocketError guests_full; StateUnavailableError
 */
export type CountEntry = (player: Player) => Promise<void>;

export interface CountEntryDeps extends GuestDeps {
  /** Counts for all nodes together, where there is a way to. */
  readonly limiter: (rule: AttemptRule) => AttemptLimiter;
}

export function createEntryCount({ issuers, limiter }: CountEntryDeps): CountEntry {
  /** By issuer, as each has a limit of its own; there are no more than the registry has. */
  const limiters = new Map<string, { readonly attempts: number; readonly limiter: AttemptLimiter }>();

  function limiterFor(issuer: string): AttemptLimiter {
    const { quotas = DEFAULT_QUOTAS } = issuers.get(issuer) ?? {};
    const attempts = quotas.entries_per_minute;
    const known = limiters.get(issuer);
    if (known?.attempts === attempts) return known.limiter;
    const made = limiter({ name: 'guest-entries', attempts, windowSeconds: 60 });
    limiters.set(issuer, { attempts, limiter: made });
    return made;
  }

  return async ({ instance }) => {
    if (instance === null) return;
    const outcome = await limiterFor(instance).attempt(keyOf(instance));
    if (outcome.allowed) return;
    const message = `Players of ${instance} open and join as many rooms a minute as they may here; try again in ${outcome.retryAfterSeconds} s.`;
    throw new SocketError('guests_full', { message });
  };
}

/** Bounded and without separators, whatever the URL. */
const keyOf = (issuer: string): string =>
  createHash('sha256').update(issuer).digest('base64url').slice(0, 22);
