import { mayBeAnnounced } from '@romm-netplay/outbound';
import {
  MAX_SHARED_NODES,
  MAX_SHARED_ROOMS,
  type RegisteredIssuer,
  sharedRoom,
  sharedRooms,
  type SharedRooms,
} from '@romm-netplay/protocol';
import { AUTH_API } from '@romm-netplay/protocol/auth-api';
import { readBounded } from '@romm-netplay/token-core';
import { z } from 'zod';

export interface PullRoomsDeps {
  readonly fetch: typeof fetch;
  /** Signs for one call to the issuer. */
  readonly issueAssertion: (issuer: string) => Promise<string>;
}

/** What was told last, to ask whether it has changed. */
export interface Pulled {
  readonly shared: SharedRooms;
  readonly etag: string | undefined;
  /** What was allowed for the instance then, by which nodes and rooms were left out. */
  readonly reach: Reach;
}

type Reach = Pick<RegisteredIssuer, 'allow_http' | 'allow_private_addresses'>;

/** Whether what was told is still what would be taken now; otherwise it has to be told once more. */
export const isStillGood = ({ reach }: Pulled, peer: RegisteredIssuer): boolean =>
  reach.allow_http === peer.allow_http && reach.allow_private_addresses === peer.allow_private_addresses;

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
  return { shared, etag: response.headers.get('etag') ?? undefined, reach: peer };
}

/** A newer instance may say more than this one knows: what does not fit is left out, and hides nothing else. */
const answer = z.object({
  issuer: sharedRooms.shape.issuer,
  permissions: z.array(z.unknown()).max(20),
  nodes: z.array(z.unknown()).max(MAX_SHARED_NODES),
  rooms: z.array(z.unknown()).max(MAX_SHARED_ROOMS),
});
const understood = <T extends z.ZodType>(schema: T, given: readonly unknown[]): z.output<T>[] =>
  given.flatMap((each) => {
    const parsed = schema.safeParse(each);
    return parsed.success ? [parsed.data] : [];
  });

/** Takes nothing that this instance could not vouch for towards its players. */
function readShared(text: string, peer: RegisteredIssuer): SharedRooms {
  const { issuer, permissions, nodes: named, rooms } = answer.parse(JSON.parse(text));
  if (issuer !== peer.issuer) throw new Error('Another instance answers at its address.');
  const reach = { allowHttp: peer.allow_http, allowPrivateAddresses: peer.allow_private_addresses };
  const nodes = understood(sharedRooms.shape.nodes.element, named).filter((url) =>
    mayBeAnnounced(url, reach),
  );
  return {
    issuer,
    permissions: understood(sharedRooms.shape.permissions.element, permissions),
    nodes,
    rooms: understood(sharedRoom, rooms).filter(({ url }) => nodes.includes(url)),
  };
}
