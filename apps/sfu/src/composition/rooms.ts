import { type CloseStack, type Lapses, type Logger, whyOf } from '@romm-netplay/service-kit';
import { followRevocations, StateUnavailableError } from '@romm-netplay/shared-state';
import type { SharedServices } from '../adapters/shared-services.js';
import type { SfuConfig } from '../config.js';
import { createOpenSockets, type OpenSockets } from '../players/open-sockets.js';
import { endSession } from '../rooms/end-session.js';
import { expirePlaces } from '../rooms/expire-places.js';
import { createRoomDirectory, type RoomDirectory } from '../rooms/room-directory.js';
import { type Guests, unlessUnread } from './guests.js';
import { takeOverFrom } from './nodes.js';

/** How often places are freed whose grace time is over. */
const SWEEP_MS = 1_000;

export interface RoomParts {
  readonly config: SfuConfig;
  readonly services: SharedServices;
  readonly guests: Guests;
  readonly port: number;
  readonly now: () => number;
  /** Never back: the clock that places are kept by. */
  readonly steadyNow: () => number;
  readonly log: Logger;
  readonly lapses: Lapses;
  readonly closing: CloseStack;
}

/** The rooms of this node, and the sessions that end places in them. */
export function openRooms(parts: RoomParts) {
  const isRevoked = (sessionRef: string) => followed.isRevoked(sessionRef);
  const directory = openDirectory(parts, isRevoked);
  const followed = followSessions(parts, directory);
  return { directory, ...followed };
}

/** The rooms of this node, kept alive in the registry at half their time to live. */
function openDirectory(
  { config, services: { registry, handover }, guests, port, now, steadyNow, log, closing }: RoomParts,
  isRevoked: (sessionRef: string) => boolean,
): RoomDirectory {
  const { issuers, mustGo } = guests;
  // A state that was taken is nowhere else. What has ended meanwhile ends its places when that is read.
  const isKnownRevoked = (sessionRef: string) => unlessUnread(false, () => isRevoked(sessionRef));
  const graceMs = config.reconnectGraceSeconds * 1000;
  const directory = createRoomDirectory({
    registry,
    nodeId: config.nodeId,
    url: config.publicUrl ?? `http://localhost:${port}`,
    maxRooms: config.maxRooms,
    maxRoomsOf: (instance) => issuers.get(instance)?.quotas.rooms ?? 0,
    takeOver: takeOverFrom(handover, { graceMs, isRevoked: isKnownRevoked, mustGo, steadyNow }),
    now,
    // All rooms of a node are refused together where the registry is away, which has a line of its own.
    onError: (error, room) =>
      log[error instanceof StateUnavailableError ? 'debug' : 'warn'](
        { room, ...whyOf(error) },
        'room not announced',
      ),
  });
  const refreshing = setInterval(() => directory.refresh(), (config.roomTtlSeconds * 1000) / 2);
  closing.defer(() => clearInterval(refreshing));
  const sweeping = setInterval(() => expirePlaces({ directory, now, steadyNow }), SWEEP_MS);
  closing.defer(() => clearInterval(sweeping));
  closing.defer(() => directory.close());
  return directory;
}

/** Which sessions have ended, for the tokens that come; and the sockets and places to end when one does. */
function followSessions(
  { services, now, lapses, closing }: RoomParts,
  directory: RoomDirectory,
): { readonly isRevoked: (sessionRef: string) => boolean; readonly sockets: OpenSockets } {
  const revocations = followRevocations({
    log: services.revocations,
    onRevoked: (sessionRef) => endSession({ directory, sockets, now }, sessionRef),
    ...lapses({ failing: 'ended sessions not followed', mended: 'ended sessions are followed again' }),
  });
  closing.defer(() => revocations.close());
  const sockets = createOpenSockets(revocations.isRevoked);
  return { isRevoked: revocations.isRevoked, sockets };
}
