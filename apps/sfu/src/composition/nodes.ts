import type { CloseStack, Lapses, Logger } from '@romm-netplay/service-kit';
import type { SharedServices } from '../adapters/shared-services.js';
import type { SfuConfig } from '../config.js';
import { drainNode } from '../nodes/drain-node.js';
import { createNodePresence } from '../nodes/node-presence.js';
import { restoreRoom, type RestoreRoomDeps } from '../rooms/restore-room.js';
import type { Room } from '../rooms/model/room.js';
import type { RoomDirectory } from '../rooms/room-directory.js';

/** Several times within the life of a record (NODE_TTL_MS). */
const HEARTBEAT_MS = 2_500;
/** A client asks its own instance about the new node before it follows: two requests, and a new connection. */
const FOLLOW_MS = 2_000;

export interface NodesOptions {
  readonly config: SfuConfig;
  readonly services: SharedServices;
  readonly directory: RoomDirectory;
  readonly connections: () => number;
  /** From now on no socket is let in. */
  readonly shutSockets: () => void;
  readonly newId: () => string;
  readonly now: () => number;
  readonly log: Logger;
  readonly lapses: Lapses;
  readonly closing: CloseStack;
}

export interface JoinedNodes {
  /** Empties this node; who asks meanwhile shares the answer. */
  drain(): Promise<void>;
  /** Begins to, and answers how many rooms are still here. */
  beginDrain(): number;
  /** Whether another process calls itself by this node's id. */
  isIdDisputed(): boolean;
}

/** Puts this node among those of its instance. */
export function joinNodes(options: NodesOptions): JoinedNodes {
  const { config, services, directory, connections, shutSockets, newId, now, log, lapses, closing } = options;
  const { nodeId, region, maxRooms, drainSeconds } = config;
  const presence = createNodePresence({
    nodes: services.nodes,
    identity: {
      ...{ nodeId, url: directory.url, maxRooms, adopts: services.handover !== undefined },
      ...(region !== undefined && { region }),
    },
    load: () => ({ rooms: directory.size, sockets: connections(), draining: directory.draining }),
    heartbeatMs: HEARTBEAT_MS,
    now,
    ...lapses({ failing: 'node not announced', mended: 'node is announced again' }),
  });
  closing.defer(() => presence.close());
  let draining: Promise<void> | undefined;
  function drain(): Promise<void> {
    shutSockets();
    draining ??= drainNode({
      ...{ directory, presence, handover: services.handover, region, newId },
      drainMs: drainSeconds * 1000,
      flushMs: Math.min(FOLLOW_MS, drainSeconds * 1000),
    })
      .catch((error: unknown) => log.error({ err: error }, 'node not drained'))
      .then(() => log.info({ roomsLeft: directory.size }, 'node drained'))
      .finally(() => (draining = undefined));
    return draining;
  }

  return {
    drain,
    isIdDisputed: () => presence.isIdDisputed(),
    beginDrain() {
      void drain();
      return directory.size;
    },
  };
}

/** Takes rooms that other nodes have left for this one, where there is a way for rooms to change nodes. */
export const takeOverFrom =
  (handover: SharedServices['handover'], deps: RestoreRoomDeps) =>
  async (key: string): Promise<Room | undefined> => {
    const state = await handover?.moves.take(key);
    return state === undefined ? undefined : restoreRoom(deps, state);
  };
