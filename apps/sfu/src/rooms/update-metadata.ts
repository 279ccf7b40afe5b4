import type { Replies, RequestData } from '@romm-netplay/protocol';
import { SocketError } from '../errors.js';
import { type Caller, membershipOf, ownedRoom } from './caller.js';
import { tellState } from './news.js';
import { tellUpdated, type TellDeps } from './tell-changed.js';

/** Its mode decided how it began, and its game what it is registered under. */
const FIXED = ['netplay_mode', 'game_id'] as const;

/** Changes what a room says of its game. */
export function updateRoomMetadata(
  deps: TellDeps,
  caller: Caller,
  { metadata }: RequestData<'update-room-metadata'>,
): Replies['update-room-metadata'] {
  const room = ownedRoom(caller);
  for (const name of FIXED) {
    const isKept = metadata[name] === undefined || String(metadata[name]) === String(room.extra[name]);
    if (isKept) continue;
    const message = `data.metadata.${name}: cannot change after a room was opened; open another one`;
    throw new SocketError('invalid_request', { message });
  }
  const kept = Object.fromEntries(FIXED.map((name) => [name, room.extra[name]]));
  room.describe(changed(room.extra, { ...metadata, ...kept }));
  tellUpdated(deps, room);
  // The new game may fit some members and not others.
  tellState(room, 'users-updated');
  return { room: room.info() };
}

/** Changes what the caller says of themselves. */
export function updatePlayerMetadata(
  caller: Caller,
  { metadata }: RequestData<'update-player-metadata'>,
): Replies['update-player-metadata'] {
  const { room, member } = membershipOf(caller);
  const extra = changed(member.extra, metadata);
  const compatibility = room.describeMember(member.id, extra);
  tellState(room, 'users-updated');
  return { extra, compatibility };
}

/** Members that `changes` names are replaced, and removed by null. */
function changed<T extends object>(
  current: T,
  changes: { readonly [K in keyof T]?: T[K] | null | undefined },
): T {
  const next = Object.entries({ ...current, ...withoutUndefined(changes) });
  return Object.fromEntries(next.filter(([, value]) => value !== null)) as T;
}

const withoutUndefined = (object: object): object =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
