import { LRUCache } from 'lru-cache';
import { AuthError } from '../errors.js';
import type { Identity, IdentityProvider } from '../ports.js';

/** A former user's identity may go to another one after this long without being seen. */
export const HOLD_MS = 30 * 24 * 3600 * 1000;
/** How long a check counts; a player mints several tokens a minute. */
const RECHECK_MS = 60_000;

/** Which user of another system goes by which `sub` here. */
export interface HeldIdentityStore {
  /**
   * Notes that `externalId` goes by `sub`. False when another user of the provider was seen as `sub` after
   * `heldSinceMs`. What a former holder agreed to does not bind the next (P3.8). Rejects with AuthError
   * database_unavailable.
   */
  hold(
    identity: { sub: string; provider: string; externalId: string },
    at: { nowMs: number; heldSinceMs: number },
  ): Promise<boolean>;
  /** Lets the next user who comes have it, without the consents of this one; false when nobody holds it. */
  release(sub: string, nowMs: number): Promise<boolean>;
}

export interface HeldIdentitiesDeps {
  readonly store: HeldIdentityStore;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/**
 * RomM lets one user choose as netplay id what another has as username, and both would be the same player
 * here. The first one seen keeps the identity; the other is told (AuthError identity_taken).
 */
export function holdingIdentities(
  provider: IdentityProvider,
  { store, now }: HeldIdentitiesDeps,
): IdentityProvider {
  const checkedAtMs = new LRUCache<string, number>({ max: 10_000 });

  async function held(identity: Identity | undefined): Promise<Identity | undefined> {
    if (identity === undefined) return undefined;
    const { sub, externalId } = identity;
    const key = JSON.stringify([sub, externalId]);
    const nowMs = now();
    // Either way: a clock that was put back is no reason not to look again.
    if (Math.abs(nowMs - (checkedAtMs.get(key) ?? -Infinity)) < RECHECK_MS) return identity;
    const who = { sub, provider: provider.name, externalId };
    if (!(await store.hold(who, { nowMs, heldSinceMs: nowMs - HOLD_MS })))
      throw new AuthError('identity_taken');
    checkedAtMs.set(key, nowMs);
    return identity;
  }

  return {
    ...provider,
    identify: async (credentials, maxAgeMs) => held(await provider.identify(credentials, maxAgeMs)),
    renew: async (sub, credentials) => held(await provider.renew(sub, credentials)),
  };
}
