import { randomBytes } from 'node:crypto';
import type { Identity } from '../ports.js';
import { newRefreshToken, refreshTokenHash } from './refresh-token.js';
import type { Session, SessionStore } from './session-store.js';

/** How long a refresh token can be exchanged; each exchange begins the time anew. */
export const REFRESH_TTL_MS = 30 * 24 * 3600 * 1000;
/** Live sessions a player may have; the longest unused one makes room for a new one. */
const MAX_LIVE_SESSIONS = 20;
const MAX_DEVICE_LENGTH = 200;

export interface BeginSessionDeps {
  readonly sessions: SessionStore;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Called when sessions ended, so that the rest of the instance hears of it. */
  readonly onEnded: () => void;
}

/** Signs a player in on a device: a new family with its first refresh token (S1). */
export async function beginSession(
  { sessions, now, onEnded }: BeginSessionDeps,
  { identity, provider, device }: { identity: Identity; provider: string; device: string | undefined },
): Promise<{ session: Session; refreshToken: string }> {
  const refreshToken = newRefreshToken();
  const nowMs = now();
  const session: Session = {
    id: randomBytes(16).toString('base64url'),
    sub: identity.sub,
    provider,
    netplayUsername: identity.netplayUsername,
    role: identity.role,
    device: printable(device ?? '').slice(0, MAX_DEVICE_LENGTH) || 'unknown',
    createdAtMs: nowMs,
    lastUsedAtMs: nowMs,
    expiresAtMs: nowMs + REFRESH_TTL_MS,
    endedAtMs: null,
    endReason: null,
  };
  const token = {
    hash: refreshTokenHash(refreshToken),
    sessionId: session.id,
    expiresAtMs: session.expiresAtMs,
    rotatedAtMs: null,
    successorSalt: null,
  };
  const { ended } = await sessions.create(session, token, MAX_LIVE_SESSIONS);
  if (ended > 0) onEnded();
  return { session, refreshToken };
}

const printable = (text: string): string => text.replaceAll(/[^\x20-\x7E]/g, '');
