import { type MemberExtra, namedRoomOf, roomName as validRoomName, type Seat } from '@romm-netplay/protocol';
import { MAX_PLAYERS } from '@romm-netplay/protocol/wire';
import { SocketError } from '../errors.js';
import { assertMay } from '../guests/assert-may.js';
import { assertMayEnter } from '../guests/assert-may-enter.js';
import { assertInNoRoom, type Caller } from '../rooms/caller.js';
import { compatibilityWith, IncompatibleGameError } from '../rooms/model/compatibility.js';
import { findRoom, shownTo } from '../rooms/find-room.js';
import { lookUp, type RoomReference } from '../rooms/room-reference.js';
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
  const stock = context.outbox.dialect === STOCK;
  const roomName = extra.room_name ?? (stock ? `Room ${extra.sessionid}` : undefined);
  if (!stock && isKeptForCaller(context, roomName)) {
    await join(context, request, { room_name: roomName, game_id: extra.game_id });
    return [null];
  }
  // Before anything is told of other rooms.
  assertMay(context.rooms, callerOf(context).player, 'rooms:create');
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
  const stock = context.outbox.dialect === STOCK;
  const caller = callerOf(context);
  const meant = await referenceOf(context, request);
  if (!isIn(caller, meant)) {
    const redirect = await joinOrRedirect(context, request, meant);
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

/** Names are checked by the request; what is none of a room finds none. */
type Meant = Omit<RoomReference, 'room_name'> & { readonly room_name: string | undefined };

/**
 * Which room is meant. The list of rooms that stock clients read has for each what it is known by: a session id,
 * or, where another client opened it, the key it is registered under (`stockKeyOf`). Pages may also ask by a name.
 */
async function referenceOf(context: ConnectionContext, { extra }: LegacyEntry): Promise<Meant> {
  const { sessionid, game_id: gameId } = extra;
  if (context.outbox.dialect !== STOCK || sessionid === undefined) {
    return { room_name: extra.room_name, game_id: gameId };
  }
  const named = namedRoomOf(sessionid);
  if (named !== undefined) return named;
  const bySession = { room_name: sessionid, sessionid };
  const found = await lookUp(context.rooms, bySession, shownTo(callerOf(context).player));
  return found === undefined ? { room_name: sessionid, game_id: gameId } : bySession;
}

function isIn(caller: Caller, { room_name: name, sessionid }: Meant): boolean {
  const { room } = caller;
  if (room?.heldBy(caller) === undefined) return false;
  return sessionid === undefined ? room.name === name : room.extra.sessionid === sessionid;
}

/** Who is in a room stays what they came in as: their place is one that is kept, or one that is not. */
function entryOf(context: ConnectionContext, payload: unknown): LegacyEntry {
  const { outbox, aliases, session } = context;
  const request = entry.parse(payload);
  const { extra } = request;
  if (callerOf(context).room !== undefined) return request;
  outbox.dialect = dialectOf(extra);
  aliases.note(session.clientId, outbox.dialect === STOCK ? (extra.userid ?? extra.playerId) : undefined);
  return request;
}

/** Where the room is on another node, what the acknowledgement is called with. */
async function joinOrRedirect(
  context: ConnectionContext,
  request: LegacyEntry,
  meant: Meant,
): Promise<readonly unknown[] | undefined> {
  const { outbox, session } = context;
  try {
    await join(context, request, meant);
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

async function join(context: ConnectionContext, request: LegacyEntry, meant: Meant): Promise<Seat> {
  const { is_spectator: isSpectator, player_slot: wished } = request.extra;
  const spectator = isSpectator === true || wished === SPECTATOR_SLOT;
  const extra = memberExtraOf(request.extra);
  if (context.outbox.dialect === SFU && !spectator) await assertVerified(context, meant, extra);
  const slot = wished !== undefined && wished >= 0 && wished < MAX_PLAYERS ? wished : undefined;
  const data = { ...meant, password: passwordOf(request), spectator, slot, extra };
  return (await context.session.handle('join-room', { ...data, token: ticketOf(context, request) })) as Seat;
}

/**
 * Clients of romm-sfu-server take it that who plays a delay-sync game has shown to have it, where netplay.v1
 * gives the benefit of the doubt. Whoever has a place already comes back to it.
 * @throws IncompatibleGameError; SocketError already_in_room, issuer_not_permitted, banned_here, room_not_found,
 * room_elsewhere
 */
async function assertVerified(context: ConnectionContext, meant: Meant, has: MemberExtra) {
  const name = validRoomName.safeParse(meant.room_name).data;
  // What is no name of a room is refused as such, by the request.
  if (name === undefined) return;
  const caller = callerOf(context);
  assertInNoRoom(caller);
  const own = context.rooms.directory.named(name).find((each) => each.isOwnedBy(caller.player.playerId));
  assertMayEnter(context.rooms, caller.player, own);
  const room = await findRoom(context.rooms, caller, { ...meant, room_name: name });
  if (room === undefined) throw new SocketError('room_not_found');
  if (room.placeOf(caller.player.playerId) !== undefined) return;
  if (compatibilityWith(room.extra, has) !== 'ready') throw new IncompatibleGameError(room, has);
}

/** Where today's clients have a token to open or join with: by the event, or the one they connected with. */
const ticketOf = ({ connectToken }: ConnectionContext, { extra, token }: LegacyEntry): string | undefined =>
  extra.token ?? token ?? connectToken;

const passwordOf = ({ password, extra }: LegacyEntry): string | undefined => password ?? extra.room_password;

function isKeptForCaller(context: ConnectionContext, roomName: string | undefined): boolean {
  const { data: name = '' } = validRoomName.safeParse(roomName);
  const { playerId } = callerOf(context).player;
  return context.rooms.directory
    .named(name)
    .some((room) => room.isOwnedBy(playerId) && room.placeOf(playerId)?.keptUntilMs !== undefined);
}
