import {
  type ForeignRoom,
  type KnownInstance,
  type Obstacle,
  type RoomRecord,
  type SharedRoom,
  shownRecord,
} from '@romm-netplay/protocol';
import type { RoomRegistry } from '@romm-netplay/shared-state';
import { type Consent, type ConsentStore, isCurrent } from '../../privacy/consent-store.js';
import type { KnownRooms } from './peer-board.js';
import type { PeerWatch } from './watch-peers.js';

export interface ListFederatedRoomsDeps {
  readonly rooms: Pick<RoomRegistry, 'list'>;
  readonly peerWatch: Pick<PeerWatch, 'known'>;
  readonly consents: Pick<ConsentStore, 'list'>;
}

export interface FederatedRooms {
  readonly rooms: RoomRecord[];
  readonly foreign_rooms: ForeignRoom[];
  readonly instances: KnownInstance[];
}

/** However many instances there are, a page gets a list that it can show. */
const MAX_FOREIGN_ROOMS = 2_000;

/** Everything a player may see, here and elsewhere, from what is known: nobody else is waited for (P2.8). */
export async function listFederatedRooms(
  { rooms, peerWatch, consents }: ListFederatedRoomsDeps,
  { sub, gameId }: { readonly sub: string; readonly gameId: string | undefined },
): Promise<FederatedRooms> {
  const known = peerWatch.known();
  const [records, given] = await Promise.all([rooms.list(), consents.list(sub)]);
  const consentTo = new Map(given.map((consent) => [consent.audience, consent]));
  const isWanted = (room: RoomRecord | SharedRoom) =>
    gameId === undefined || String(room['game_id']) === gameId;
  const share = Math.ceil(MAX_FOREIGN_ROOMS / Math.max(1, known.length));
  const foreign = known.flatMap((each) =>
    (each.shared?.rooms ?? [])
      .filter(isWanted)
      .slice(0, share)
      .map((room) => describe(room, each, consentTo.get(each.peer.issuer))),
  );
  return {
    rooms: records
      .filter((record) => record['visibility'] !== 'private' && isWanted(record))
      .map(shownRecord),
    foreign_rooms: foreign,
    instances: known.map(({ instance }) => instance),
  };
}

function describe(room: SharedRoom, known: KnownRooms, consent: Consent | undefined): ForeignRoom {
  const { issuer, label, age_ms: ageMs } = known.instance;
  return {
    ...room,
    instance: issuer,
    instance_label: label,
    age_ms: ageMs ?? 0,
    obstacle: obstacleOf(room, known, consent),
  };
}

/** The first thing in the way: what no player can change comes before what they can. */
function obstacleOf(
  room: SharedRoom,
  { instance, peer }: KnownRooms,
  consent: Consent | undefined,
): Obstacle | null {
  if (!peer.players_may_visit) return 'visits_off';
  if (!instance.may_join) return 'not_permitted';
  if (instance.state !== 'fresh') return 'unreachable';
  if (consent === undefined || !isCurrent(consent, peer)) return 'consent_required';
  if (room.locked === true) return 'room_locked';
  return room.current >= room.max ? 'room_full' : null;
}
