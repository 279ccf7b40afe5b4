import type { ListedRoom } from '@romm-netplay/protocol';
import { clientError } from './errors.js';
import { badResponse, type JsonRequest, requestJson } from './http.js';
import type { Runtime } from './runtime.js';
import type { RoomReference } from './seats.js';
import type { SfuAccess } from './sfu-access.js';
import { parseUrl } from './urls.js';

/** Where the own instance says that rooms are. Nothing else is asked, and nobody else is believed. */
export interface HostingNodes {
  /**
   * The URL of the node that hosts a room. `told` is where the last node asked says it is.
   * @throws NetplayError redirect_refused, room_not_found
   */
  find(room: RoomReference, told?: string): Promise<string>;
  /** The URL in one spelling. @throws NetplayError redirect_refused unless the own instance announces it */
  announced(url: string, room: RoomReference): Promise<string>;
}

/** The nodes of the own instance. */
export interface OwnNodes extends HostingNodes {
  list(gameId?: string | number): Promise<readonly ListedRoom[]>;
}

export interface HostingNodesDeps {
  readonly runtime: Runtime;
  readonly access: SfuAccess;
  readonly sfuUrl: string;
  readonly followRedirects: boolean;
}

export function createHostingNodes(deps: HostingNodesDeps): OwnNodes {
  const { runtime, access, sfuUrl, followRedirects } = deps;

  const get = (path: string, query: JsonRequest['query'] & object): Promise<unknown> =>
    access.withReadToken((readToken) =>
      requestJson(runtime, sfuUrl + path, { query, authorization: `Bearer ${readToken}` }),
    );

  async function list(gameId?: string | number): Promise<readonly ListedRoom[]> {
    const rooms = await get('/list', { game_id: gameId });
    if (Array.isArray(rooms)) throw badResponse(`${sfuUrl}/list`);
    return Object.values(rooms as Record<string, unknown>).filter(isListedRoom);
  }

  async function resolve({ name, gameId, sessionId }: RoomReference): Promise<string> {
    const query = { room: name, game_id: gameId, sessionid: sessionId };
    const { url } = (await get('/resolve', query)) as Partial<ListedRoom>;
    if (typeof url !== 'string') throw badResponse(`${sfuUrl}/resolve`);
    return url;
  }

  return {
    list,

    async find(room) {
      const url = followRedirects ? followable(await resolve(room), sfuUrl) : undefined;
      if (url === undefined) throw clientError('redirect_refused');
      return url;
    },

    async announced(url, room) {
      const target = followable(url, sfuUrl);
      if (followRedirects && target !== undefined) {
        const rooms = await list().catch(() => []);
        // Private rooms are not listed.
        const known = [...rooms.map((each) => each.url), await resolve(room).catch(() => '')];
        if (isAnnounced(url, known, sfuUrl)) return target;
      }
      throw clientError('redirect_refused');
    },
  };
}

/** Whether a player may be sent to `url`: the own instance announces it, and it is no step down from https. */
export function isAnnounced(url: string, announced: readonly string[], sfuUrl: string): boolean {
  const target = followable(url, sfuUrl);
  return target !== undefined && announced.some((each) => followable(each, sfuUrl) === target);
}

/** The URL in one spelling, as http or https; undefined when no token may be taken there. */
export function followable(url: string, sfuUrl: string): string | undefined {
  // A backslash, a tab or a space means one thing to one URL parser and another to the next.
  const parsed = /^(https?|wss?):\/\/[^\s\\?#@]+$/i.test(url) && parseUrl(url);
  if (!parsed) return undefined;
  const { protocol, host, pathname } = parsed;
  const isSecure = protocol === 'https:' || protocol === 'wss:';
  if (!isSecure && !sfuUrl.startsWith('http:')) return undefined;
  return `${isSecure ? 'https' : 'http'}://${host}${pathname}`.replace(/\/+$/, '');
}

export const isListedRoom = (room: unknown): room is ListedRoom => {
  const { room_name: name, url } = (room ?? {}) as Partial<ListedRoom>;
  return typeof name === 'string' && typeof url === 'string';
};
