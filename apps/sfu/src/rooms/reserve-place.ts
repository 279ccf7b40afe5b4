import type { Replies, RequestData } from '@romm-netplay/protocol';
import type { Identity } from '../tokens/identify.js';
import type { Caller } from './caller.js';
import { joinRoom, type JoinRoomDeps } from './join-room.js';
import { keepPlace, type KeepPlaceDeps } from './keep-place.js';
import { openRoom, type OpenRoomDeps } from './open-room.js';
import { NOBODY } from './model/place.js';

export type ReservePlaceDeps = JoinRoomDeps & OpenRoomDeps & KeepPlaceDeps;

/** A player who asks without a connection, by HTTP. */
export type Absentee = Identity;

/**
 * Opens a room whose owner has yet to connect. Nobody gets in by this who could not otherwise (D11): the place
 * is one that is kept, and is free again after the grace time (D19, D20).
 */
export async function openReserved(
  deps: ReservePlaceDeps,
  absentee: Absentee,
  request: RequestData<'open-room'>,
): Promise<Replies['open-room']> {
  const caller = callerFor(deps, absentee);
  const seat = await openRoom(deps, caller, request);
  keepPlace(deps, caller);
  return seat;
}

/** Takes a place for a player who has yet to connect. Whoever is connected in it stays there, and spends nothing. */
export async function joinReserved(
  deps: ReservePlaceDeps,
  absentee: Absentee,
  request: RequestData<'join-room'>,
): Promise<Pick<Replies['join-room'], 'room'> & { resume_token?: string }> {
  const { playerId } = absentee.player;
  const held = deps.directory
    .named(request.room_name)
    .find(
      (room) => room.placeOf(playerId) !== undefined && room.placeOf(playerId)?.keptUntilMs === undefined,
    );
  if (held !== undefined) return { room: held.snapshot() };
  const caller = callerFor(deps, absentee);
  const seat = await joinRoom(deps, caller, request);
  keepPlace(deps, caller);
  return seat;
}

function callerFor({ newId }: ReservePlaceDeps, { player, sessionRef, ticket }: Absentee): Caller {
  const clientId = newId();
  return {
    ...{ clientId, player, sessionRef, outbox: NOBODY, connected: true, room: undefined },
    ticket: ticket && (() => ticket(clientId)),
    maySay: () => false,
    maySpread: () => false,
  };
}
