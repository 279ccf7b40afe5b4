import type { FEDERATION_API } from '@romm-netplay/protocol';
import { type AskAuth, createAnnouncements, type FederatedRooms } from './announcements.js';
import { assembleClient, type NetplayClient, type NetplayOptions } from './client.js';
import { badResponse, requestJson } from './http.js';
import type { Entry } from './open-rooms.js';
import type { NetplayRoom } from './room.js';
import type { JoinRoomOptions, OpenRoomOptions } from './seats.js';
import { createVisit, type Visit } from './visit.js';

export * from './index.js';
export type { FederatedRooms } from './announcements.js';
export type { VisitErrorCode } from './visit-errors.js';

/** Another instance, what it learns of the player there, and whether the player agreed. */
export type Visitable = (typeof FEDERATION_API)['giveConsent']['reply']['_zod']['output'];

export interface Elsewhere {
  /** Issuer URL of another instance; the own one without it. */
  readonly instance?: string | undefined;
}

/** A client that plays at other instances as well (P2.9). */
export interface FederatedClient extends NetplayClient {
  /** The rooms here and at other instances, as the own auth knows them. */
  federatedRooms(filter?: { readonly gameId?: string | number }): Promise<FederatedRooms>;
  /** The instances that may be visited. */
  instances(): Promise<readonly Visitable[]>;
  /** Agrees that an instance learns who the player is, as `instances` says; needed once for each (P3.8). */
  giveConsent(instance: string): Promise<Visitable>;
  withdrawConsent(instance: string): Promise<void>;
  openRoom(options: OpenRoomOptions & Elsewhere): Promise<NetplayRoom>;
  joinRoom(options: JoinRoomOptions & Elsewhere): Promise<NetplayRoom>;
}

const CONSENTS = '/api/federation/consents';
const INSTANCES = '/api/federation/instances';

export function createFederatedClient(options: NetplayOptions): FederatedClient {
  const parts = assembleClient(options);
  const { client, runtime, authUrl, credential, auth } = parts;
  const { openRoom, joinRoom } = client;
  const { followRedirects = true } = options;
  const askAuth: AskAuth = (path, request) =>
    auth.withAuthorization((authorization) =>
      requestJson(runtime, authUrl + path, { ...request, authorization, credentials: credential.cookies }),
    );
  const announcements = createAnnouncements(askAuth);
  const visits = new Map<string, Visit>();

  function visitTo(instance: string): Visit {
    const visit = visits.get(instance) ?? createVisit({ ...parts, announcements, instance, followRedirects });
    visits.set(instance, visit);
    return visit;
  }
  const enter = (instance: string, how: (entry: Entry) => Promise<NetplayRoom>): Promise<NetplayRoom> =>
    visitTo(instance).enter(how);

  return Object.assign(client, {
    federatedRooms: ({ gameId }: { readonly gameId?: string | number } = {}) => announcements.ask(gameId),

    async instances() {
      const { instances } = (await askAuth(INSTANCES)) as Record<string, unknown>;
      if (!Array.isArray(instances)) throw badResponse(authUrl + INSTANCES);
      return instances.filter(isVisitable);
    },

    async giveConsent(instance: string) {
      const given = await askAuth(CONSENTS, { body: { audience: instance } });
      if (!isVisitable(given)) throw badResponse(authUrl + CONSENTS);
      visits.get(instance)?.forgetTokens();
      return given;
    },

    async withdrawConsent(instance: string) {
      await askAuth(`${CONSENTS}/withdraw`, { body: { audience: instance } });
      visits.get(instance)?.forgetTokens();
    },

    openRoom: ({ instance, ...room }: OpenRoomOptions & Elsewhere) =>
      instance === undefined ? openRoom(room) : enter(instance, (entry) => entry.open(room)),

    joinRoom: ({ instance, ...room }: JoinRoomOptions & Elsewhere) =>
      instance === undefined ? joinRoom(room) : enter(instance, (entry) => entry.join(room)),
  });
}

const isVisitable = (value: unknown): value is Visitable =>
  typeof (value as Partial<Visitable> | null)?.issuer === 'string';
