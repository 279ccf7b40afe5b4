import { mayBeAnnounced } from '@romm-netplay/outbound';
import { type RegisteredIssuer, sharedRooms, type SharedRooms } from '@romm-netplay/protocol';
import { AUTH_API } from '@romm-netplay/protocol/auth-api';
import { readBounded } from '@romm-netplay/token-core';

export interface PullRoomsDeps {
  readonly fetch: typeof fetch;
  /** Signs for one call to the issuer. */
  readonly issueAssertion: (issuer: string) => Promise<string>;
}

/** What was told last, to ask whether it has changed. */
export interface Pulled {
  readonly shared: SharedRooms;
  readonly etag: string | undefined;
}

/** The instance answered, and said no. */
export class PullRefusedError extends Error {
  constructor(status: number) {
    super(`It answered ${status}: we are not registered and active there, or may not list its rooms.`);
    this.name = 'PullRefusedError';
  }
}

const MAX_BYTES = 512 * 1024;

/** Asks another instance for its rooms, once. Rejects with PullRefusedError, OutboundError, or what is wrong. */
export async function pullRooms(
  { fetch: fetchFn, issueAssertion }: PullRoomsDeps,
  peer: RegisteredIssuer,
  known: Pulled | undefined,
): Promise<Pulled> {
  const response = await fetchFn(`${peer.issuer}${AUTH_API.shareRooms.path}`, {
    headers: {
      accept: 'application/json',
      authorization: `Bearer ${await issueAssertion(peer.issuer)}`,
      ...(known?.etag !== undefined && { 'if-none-match': known.etag }),
    },
  });
  if (response.status === 304 && known !== undefined) return known;
  if (response.status === 401 || response.status === 403) throw new PullRefusedError(response.status);
  if (response.status !== 200) throw new Error(`It answered ${response.status}.`);
  const shared = readShared(await readBounded(response, MAX_BYTES), peer);
  return { shared, etag: response.headers.get('etag') ?? undefined };
}

/** Takes nothing that this instance could not vouch for towards its players. */
function readShared(text: string, peer: RegisteredIssuer): SharedRooms {
  const shared = sharedRooms.parse(JSON.parse(text));
  if (shared.issuer !== peer.issuer) throw new Error('Another instance answers at its address.');
  const reach = { allowHttp: peer.allow_http, allowPrivateAddresses: peer.allow_private_addresses };
  const nodes = shared.nodes.filter((url) => mayBeAnnounced(url, reach));
  return { ...shared, nodes, rooms: shared.rooms.filter(({ url }) => nodes.includes(url)) };
}
