import type { ForeignRoom, KnownInstance, ListedRoom } from '@romm-netplay/protocol';
import { isListedRoom } from './hosting-node.js';
import { badResponse, type JsonRequest } from './http.js';

export interface FederatedRooms {
  /** Of the own instance. */
  readonly rooms: readonly ListedRoom[];
  readonly foreignRooms: readonly ForeignRoom[];
  readonly instances: readonly KnownInstance[];
}

/** Asks the own auth as the player. */
export type AskAuth = (path: string, request?: JsonRequest) => Promise<unknown>;

/** What the own auth says of other instances; nobody else is asked where their rooms are (P2.9). */
export interface Announcements {
  ask(gameId?: string | number): Promise<FederatedRooms>;
  /** The nodes of an instance, as they were announced last. */
  nodesOf(instance: string): readonly string[];
}

const PATH = '/api/federation/rooms';

export function createAnnouncements(askAuth: AskAuth): Announcements {
  let instances: readonly KnownInstance[] = [];
  return {
    async ask(gameId) {
      const query = gameId === undefined ? {} : { game_id: String(gameId) };
      const heard = parseRooms(await askAuth(PATH, { query }));
      ({ instances } = heard);
      return heard;
    },
    nodesOf: (instance) => instances.find(({ issuer }) => issuer === instance)?.nodes ?? [],
  };
}

function parseRooms(reply: unknown): FederatedRooms {
  const { rooms, foreign_rooms: foreignRooms, instances } = reply as Record<string, unknown>;
  if (!Array.isArray(rooms) || !Array.isArray(foreignRooms) || !Array.isArray(instances)) {
    throw badResponse(PATH);
  }
  return {
    rooms: rooms.filter(isListedRoom),
    foreignRooms: foreignRooms.filter(isForeignRoom),
    instances: instances.filter(isKnownInstance),
  };
}

const isForeignRoom = (room: unknown): room is ForeignRoom =>
  isListedRoom(room) && typeof (room as Partial<ForeignRoom>).instance === 'string';

const isKnownInstance = (instance: unknown): instance is KnownInstance => {
  const { issuer, nodes } = (instance ?? {}) as Partial<KnownInstance>;
  return typeof issuer === 'string' && Array.isArray(nodes) && nodes.every((url) => typeof url === 'string');
};
