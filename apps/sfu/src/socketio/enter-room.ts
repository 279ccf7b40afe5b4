import type { Seat } from '@romm-netplay/protocol';
import { SocketError } from '../errors.js';
import { findBySession } from './find-by-session.js';
import { callerOf, type ConnectionContext, type LegacyHandler } from './connection-context.js';
import { dialectOf, STOCK } from './dialect.js';
import { memberExtraOf, roomExtraOf } from './legacy-game.js';
import { SPECTATOR_SLOT, stockPlayers } from './legacy-users.js';
import { entry, type LegacyEntry } from './payloads.js';
import { roomState } from './room-state.js';

/** `open-room`: also takes the place that `POST /create` keeps for the caller, whose room it is. */
export const openRoom: LegacyHandler = async (context, payload) => {
  const request = entryOf(context, payload);
  const { extra, maxPlayers } = request;
  const roomName = (extra.room_name ?? extra.sessionid)?.trim();
  const stock = context.outbox.dialect === STOCK;
  if (isKeptForCaller(context, roomName)) {
    await join(context, request, roomName);
    return [null];
  }
  if (stock && findBySession(context.directory, extra.sessionid) !== undefined) {
    throw new SocketError('room_exists');
  }
  const sessionid = stock ? { sessionid: extra.sessionid } : {};
  await context.session.handle('open-room', {
    room_name: roomName,
    max_players: maxPlayers,
    password: passwordOf(request),
    extra: { ...roomExtraOf(extra), ...sessionid },
    token: ticketOf(context, request),
  });
  return [null];
};

/** `join-room`. A connection that is in the room already is told how things are, and spends no token. */
export const joinRoom: LegacyHandler = async (context, payload) => {
  const request = entryOf(context, payload);
  const { extra } = request;
  const stock = context.outbox.dialect === STOCK;
  const roomName = stock
    ? (findBySession(context.directory, extra.sessionid)?.name ?? extra.sessionid)
    : (extra.room_name ?? extra.sessionid)?.trim();
  const caller = callerOf(context);
  const { room } = caller;
  if (room?.heldBy(caller) === undefined || room.name !== roomName) {
    const redirect = await joinOrRedirect(context, request, roomName);
    if (redirect !== undefined) return [null, redirect];
  }
  if (caller.room === undefined) throw new SocketError('room_not_found');
  return [
    null,
    stock
      ? stockPlayers(caller.room.users(), (id) => context.aliases.of(id))
      : roomState(caller.room.snapshot()),
  ];
};

function entryOf({ outbox, aliases, session }: ConnectionContext, payload: unknown): LegacyEntry {
  const request = entry.parse(payload);
  const { extra } = request;
  outbox.dialect = dialectOf(extra);
  aliases.claim(session.clientId, outbox.dialect === STOCK ? (extra.userid ?? extra.playerId) : undefined);
  return request;
}

async function joinOrRedirect(
  context: ConnectionContext,
  request: LegacyEntry,
  roomName: string | undefined,
): Promise<object | undefined> {
  try {
    await join(context, request, roomName);
    return undefined;
  } catch (error) {
    const elsewhere = error instanceof SocketError && error.code === 'room_elsewhere';
    const target = context.outbox.lastRedirect;
    if (!elsewhere || target === undefined || context.outbox.dialect === STOCK) throw error;
    const { room_name: name, url, nodeId } = target;
    return { redirect: url, room_name: name, nodeId };
  }
}

const join = (context: ConnectionContext, request: LegacyEntry, roomName: string | undefined) =>
  context.session.handle('join-room', {
    room_name: roomName,
    password: passwordOf(request),
    spectator: request.extra.is_spectator === true || request.extra.player_slot === SPECTATOR_SLOT,
    extra: memberExtraOf(request.extra),
    token: ticketOf(context, request),
  }) as Promise<Seat>;

/** Where today's clients have a token to open or join with: by the event, or the one they connected with. */
const ticketOf = ({ connectToken }: ConnectionContext, { extra, token }: LegacyEntry): string =>
  extra.token ?? token ?? connectToken;

const passwordOf = ({ password, extra }: LegacyEntry): string | undefined => password ?? extra.room_password;

function isKeptForCaller(context: ConnectionContext, roomName: string | undefined): boolean {
  const room = roomName === undefined ? undefined : context.directory.find(roomName);
  const { playerId } = callerOf(context).player;
  return room?.isOwner(playerId) === true && room.placeOf(playerId)?.keptUntilMs !== undefined;
}
