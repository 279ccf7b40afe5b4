import { type CloseStack, createOwnPageCheck, type IsOwnPage } from '@romm-netplay/service-kit';
import { createMemoryAttemptLimiter } from '@romm-netplay/shared-state';
import { type AuthApiClient, createAuthApiClient } from '../adapters/auth-api-client.js';
import { createHttpPlayerTokens } from '../adapters/http-player-tokens.js';
import type { SfuConfig } from '../config.js';
import type { OpenSockets } from '../players/open-sockets.js';
import { createRommSessions, type RommSessions, type RommTiming } from '../romm/romm-sessions.js';
import { endSession } from '../rooms/end-session.js';
import type { RoomDirectory } from '../rooms/room-directory.js';
import type { IdentifyDeps } from '../tokens/identify.js';

export interface RommParts {
  readonly auth: AuthApiClient | undefined;
  readonly judges: IdentifyDeps;
  readonly directory: RoomDirectory;
  readonly sockets: OpenSockets;
  readonly timing: Partial<RommTiming> | undefined;
  readonly now: () => number;
  readonly closing: CloseStack;
}

/** RomM has three seconds to tell auth who somebody is. */
const AUTH_TIMEOUT_MS = 5_000;
/** Pages of somebody who has signed out ask for the list in a loop, several in one house. */
const UNKNOWN_CREDENTIALS = { name: 'romm-unknown', attempts: 120, windowSeconds: 60 };

/** Auth as this node asks it who players of RomM are; undefined where they do not come with RomM's session. */
export function openAuth({
  rommIdentity,
  internalSecret,
  authBaseUrl,
}: SfuConfig): AuthApiClient | undefined {
  if (!rommIdentity) return undefined;
  if (internalSecret === undefined)
    throw new TypeError('Asking auth for players of RomM takes the internal secret.');
  return createAuthApiClient({ baseUrl: authBaseUrl, secret: internalSecret, timeoutMs: AUTH_TIMEOUT_MS });
}

/** Players who come with RomM's own session, where they may (N2). */
export function askRomm(parts: RommParts): RommSessions | undefined {
  const { auth, judges, directory, sockets, timing = {}, now, closing } = parts;
  if (auth === undefined) return undefined;
  const sessions = createRommSessions({
    ...judges,
    tokens: createHttpPlayerTokens(auth),
    sockets,
    timing,
    end: (sessionRef) => endSession({ directory, sockets, now }, sessionRef),
    unknown: createMemoryAttemptLimiter(UNKNOWN_CREDENTIALS),
  });
  closing.defer(() => sessions.close());
  return sessions;
}

/** Pages of the node's own host, of auth and of the listed origins may connect, and use cookies; others may not. */
export const ownPages = ({ allowedOrigins, publicUrl, authIssuer }: SfuConfig): IsOwnPage =>
  createOwnPageCheck({
    allowedOrigins,
    ownUrls: [authIssuer, ...(publicUrl === undefined ? [] : [publicUrl])],
  });
