import type { PinnedKey } from '@romm-netplay/protocol';
import {
  createLocalKeySet,
  createRemoteKeySet,
  type RemoteKeySet,
  verificationKeyFromJwk,
} from '@romm-netplay/token-core';

export interface PeerKeysOptions {
  readonly issuer: string;
  readonly pinned: readonly PinnedKey[];
  readonly fetch: typeof fetch;
  /** Milliseconds since the epoch. */
  readonly now?: (() => number) | undefined;
  readonly onError: (error: unknown) => void;
  readonly onMended: () => void;
}

const JWKS_PATH = '/.well-known/jwks.json';
/**
 * An instance that is down mints no tokens, and those that it minted are soon over: what it published last
 * need not count for long, and a key that it withdrew must not.
 */
const MAX_STALE_MS = 3_600_000;

/** The keys of another instance: those that were pinned, and no others then, or those that it publishes (P2.3). */
export function createPeerKeys({ issuer, pinned, ...options }: PeerKeysOptions): RemoteKeySet {
  if (pinned.length > 0) {
    const keys = createLocalKeySet(pinned.map(verificationKeyFromJwk));
    return { find: keys.find, ready: () => Promise.resolve(), close: () => undefined };
  }
  return createRemoteKeySet({
    jwksUrl: `${issuer}${JWKS_PATH}`,
    maxStaleMs: MAX_STALE_MS,
    waitWhenStale: true,
    fetch: options.fetch,
    onError: options.onError,
    onMended: options.onMended,
    ...(options.now && { now: options.now }),
  });
}
