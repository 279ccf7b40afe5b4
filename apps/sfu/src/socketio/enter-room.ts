import { type MemberExtra, roomName as validRoomName, type Seat } from '@romm-netplay/protocol';
import { MAX_PLAYERS } from '@romm-netplay/protocol/wire';
import { SocketError } from '../errors.js';
import { assertMay } from '../guests/assert-may.js';
import { assertMayEnter } from '../guests/assert-may-enter.js';
import { assertInNoRoom } from '../rooms/caller.js';
import { compatibilityWith, IncompatibleGameError } from '../rooms/model/compatibility.js';
import { findRoom } from '../rooms/find-room.js';
import { nameBySession } from './find-by-session.js';
import { callerOf, type ConnectionContext, type LegacyHandler } from './connection-context.js';
import { dialectOf, SFU, STOCK } from './dialect.js';
import { letsWatch, memberExtraOf, roomExtraOf } from './legacy-game.js';
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
  // Before anything is told of other rooms.
  assertMay(context.rooms, callerOf(context).player, 'rooms:create');
  if (stock && (await nameBySession(context.rooms, extra.sessionid)) !== undefined) {
    throw new SocketError('room_exists');
  }
  const sessionid = stock ? { sessionid: extra.sessionid } : {};
  await context.session.handle('open-room', {
    room_name: roomName,
    max_players: maxPlayers,
    password: passwordOf(request),
    allow_spectators: letsWatch(extra),
    visibility: extra.visibility,
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
  const caller = callerOf(context);
  const roomName = stock
    ? ((await nameBySession(context.rooms, extra.sessionid, caller.player)) ?? extra.sessionid)
    : (extra.room_name ?? extra.sessionid)?.trim();
  const { room } = caller;
  if (room?.heldBy(caller) === undefined || room.name !== roomName) {
    const redirect = await joinOrRedirect(context, request, roomName);
    if (redirect !== undefined) return redirect;
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

/** Where the room is on another node, what the acknowledgement is called with. */
async function joinOrRedirect(
  context: ConnectionContext,
  request: LegacyEntry,
  roomName: string | undefined,
): Promise<readonly unknown[] | undefined> {
  const { outbox, session } = context;
  try {
    await join(context, request, roomName);
    return undefined;
  } catch (error) {
    const target = outbox.lastRedirect;
    if (!(error instanceof SocketError) || error.code !== 'room_elsewhere' || target === undefined)
      throw error;
    const { room_name: name, url, nodeId } = target;
    // A stock client would take what comes without an error for the players of a room that it is in.
    const word = outbox.dialect === STOCK ? outbox.dialect.refusal(session.describe(error), error) : null;
    return [word, { redirect: url, room_name: name, nodeId }];
  }
}

async function join(
  context: ConnectionContext,
  request: LegacyEntry,
  roomName: string | undefined,
): Promise<Seat> {
  const { is_spectator: isSpectator, player_slot: wished } = request.extra;
  const spectator = isSpectator === true || wished === SPECTATOR_SLOT;
  const extra = memberExtraOf(request.extra);
  if (context.outbox.dialect === SFU && !spectator) await assertVerified(context, roomName, extra);
  const slot = wished !== undefined && wished >= 0 && wished < MAX_PLAYERS ? wished : undefined;
  const data = { room_name: roomName, password: passwordOf(request), spectator, slot, extra };
  return (await context.session.handle('join-room', { ...data, token: ticketOf(context, request) })) as Seat;
}

/**
 * Clients of romm-sfu-server take it that who plays a delay-sync game has shown to have it, where netplay.v1
 * gives the benefit of the doubt. Whoever has a place already comes back to it.
 * @throws IncompatibleGameError; SocketError already_in_room, issuer_not_permitted, banned_here, room_not_found,
 * room_elsewhere
 */
async function assertVerified(context: ConnectionContext, name: string | undefined, has: MemberExtra) {
  // What is no name of a room is refused as such, by the request.
  if (!validRoomName.safeParse(name).success || name === undefined) return;
  const caller = callerOf(context);
  assertInNoRoom(caller);
  assertMayEnter(context.rooms, caller.player, context.rooms.directory.find(name));
  const room = await findRoom(context.rooms, caller, name);
  if (room === undefined) throw new SocketError('room_not_found');
  if (room.placeOf(caller.player.playerId) !== undefined) return;
  if (compatibilityWith(room.extra, has) !== 'ready') throw new IncompatibleGameError(room, has);
}

/** Where today's clients have a token to open or join with: by the event, or the one they connected with. */
const ticketOf = ({ connectToken }: ConnectionContext, { extra, token }: LegacyEntry): string =>
  extra.token ?? token ?? connectToken;

const passwordOf = ({ password, extra }: LegacyEntry): string | undefined => password ?? extra.room_password;

function isKeptForCaller(context: ConnectionContext, roomName: string | undefined): boolean {
  const room = roomName === undefined ? undefined : context.rooms.directory.find(roomName);
  const { playerId } = callerOf(context).player;
  return room?.isOwner(playerId) === true && room.placeOf(playerId)?.keptUntilMs !== undefined;
}
