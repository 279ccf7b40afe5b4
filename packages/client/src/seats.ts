import type { MemberExtra, RequestInput, Seat } from '@romm-netplay/protocol';
import { clientError, codeOf, NetplayError } from './errors.js';
import type { HostingNodes } from './hosting-node.js';
import { connectNetplay, type NetplaySocket } from './netplay-socket.js';
import type { Runtime } from './runtime.js';
import type { SfuAccess } from './sfu-access.js';
import type { Tokens } from './tokens.js';

type OpenRequest = RequestInput<'open-room'>;

export interface OpenRoomOptions {
  /** Names the room within the instance. */
  readonly name: string;
  /** 1 to 16, 4 by default. */
  readonly maxPlayers?: number;
  readonly password?: string;
  readonly visibility?: OpenRequest['visibility'];
  /** Of a federated room: issuer URLs of the instances that see it; every trusted one by default. */
  readonly admits?: OpenRequest['admits'];
  /** About the game, shown in the list. */
  readonly extra?: OpenRequest['extra'];
}

/** Which room is meant: rooms of several games may have one name. */
export interface RoomReference {
  readonly name: string;
  readonly gameId?: string | number | undefined;
  /** Of a room that EmulatorJS opened, as the list has it (`sessionid`). */
  readonly sessionId?: string | undefined;
}

export interface JoinRoomOptions extends RoomReference {
  readonly password?: string | undefined;
  /** Watch without a slot. */
  readonly spectator?: boolean;
  /** About this member, shown to the others. */
  readonly extra?: MemberExtra;
}

/** A place in a room and the connection that holds it. */
export interface Held {
  readonly socket: NetplaySocket;
  readonly seat: Seat;
  /** The node. */
  readonly url: string;
}

/** Called with every new connection before it asks for a place, so that no event is missed. */
export type Attach = (socket: NetplaySocket) => void;

export interface Seats {
  open(options: OpenRoomOptions, attach: Attach): Promise<Held>;
  join(options: JoinRoomOptions, attach: Attach): Promise<Held>;
  /** One try to get a place back: by its ticket, else like anybody who joins. */
  resume(options: JoinRoomOptions, url: string, resumeToken: string, attach: Attach): Promise<Held>;
}

export interface SeatsDeps {
  readonly runtime: Runtime;
  readonly tokens: Tokens;
  readonly access: SfuAccess;
  readonly nodes: HostingNodes;
  /** The node that is asked first. */
  readonly entrance: (room: RoomReference) => string | Promise<string>;
  readonly followRedirects: boolean;
  /** Looks at what a node gives as a place. @throws NetplayError when it is none */
  readonly check?: (seat: Seat) => void;
}

const MAX_HOPS = 3;
/** The place may be gone, on another node, or the server may be too old to keep one. */
const NO_PLACE_KEPT = new Set(['resume_refused', 'unknown_type', 'room_not_found', 'room_elsewhere']);

export function createSeats(deps: SeatsDeps): Seats {
  const { runtime, tokens, access, nodes, entrance, followRedirects, check } = deps;

  /** Connects, asks, and closes the connection again when there is no place to hold. */
  async function hold(
    url: string,
    readToken: string,
    attach: Attach,
    ask: (socket: NetplaySocket) => Promise<Seat>,
  ): Promise<Held> {
    const socket = await connectNetplay({ sfuUrl: url, token: readToken, WebSocket: runtime.WebSocket });
    try {
      attach(socket);
      const seat = await ask(socket);
      check?.(seat);
      return { socket, seat, url };
    } catch (error) {
      socket.close();
      throw error;
    }
  }

  const askToJoin = async (socket: NetplaySocket, options: JoinRoomOptions): Promise<Seat> =>
    socket.request('join-room', {
      ...referenceOf(options),
      password: options.password,
      spectator: options.spectator,
      extra: options.extra,
      token: await tokens.write(),
    });

  async function joinFrom(
    from: string,
    readToken: string,
    options: JoinRoomOptions,
    attach: Attach,
  ): Promise<Held> {
    let url = from;
    let told: string | undefined;
    const listen = (socket: NetplaySocket): void => {
      socket.on('room-redirect', (redirect) => (told = redirect.url));
      attach(socket);
    };
    for (let hops = 0; hops <= MAX_HOPS; hops += 1) {
      try {
        return await hold(url, readToken, listen, (socket) => askToJoin(socket, options));
      } catch (error) {
        if (codeOf(error) !== 'room_elsewhere' || !followRedirects) throw error;
      }
      url = await nodes.find(options, told);
    }
    throw clientError('too_many_redirects');
  }

  return {
    join: (options, attach) =>
      access.withReadToken(async (readToken) =>
        joinFrom(await entrance(options), readToken, options, attach),
      ),

    resume: (options, url, resumeToken, attach) =>
      access.withReadToken(async (readToken) => {
        const ticket = { ...referenceOf(options), resume_token: resumeToken };
        try {
          return await hold(url, readToken, attach, (socket) => socket.request('resume-room', ticket));
        } catch (error) {
          if (!NO_PLACE_KEPT.has(codeOf(error))) throw error;
          return joinFrom(url, readToken, options, attach);
        }
      }, 1),

    open(options, attach) {
      const ask = createOpening(options, tokens, (socket) => askToJoin(socket, memberOf(options)));
      return access.withReadToken(async (readToken) =>
        hold(await entrance(memberOf(options)), readToken, attach, ask),
      );
    },
  };
}

/** As the wire has it. */
export const referenceOf = ({ name, gameId, sessionId }: RoomReference) => ({
  room_name: name,
  game_id: gameId,
  sessionid: sessionId,
});

/** After these nobody can tell whether the room was opened. */
const UNANSWERED = new Set(['unavailable', 'timeout', 'connection_closed']);

/**
 * Asks to open a room, on one connection after another. Where an earlier try got no answer, the room that is
 * now in the way may be the one it opened: then its owner's place is ours.
 */
function createOpening(
  options: OpenRoomOptions,
  tokens: Tokens,
  askToJoin: (socket: NetplaySocket) => Promise<Seat>,
): (socket: NetplaySocket) => Promise<Seat> {
  let unanswered: NetplayError | undefined;

  async function findOwn(socket: NetplaySocket, earlier: NetplayError): Promise<Seat> {
    const seat = await askToJoin(socket).catch(() => {
      throw earlier;
    });
    const own = seat.room.users.find((user) => user.client_id === socket.hello.client_id);
    if (own?.is_owner) return seat;
    await socket.request('leave-room', {});
    throw earlier;
  }

  return async (socket) => {
    const request = {
      room_name: options.name,
      max_players: options.maxPlayers,
      password: options.password,
      visibility: options.visibility,
      admits: options.admits,
      extra: options.extra,
      token: await tokens.write(),
    };
    try {
      return await socket.request('open-room', request);
    } catch (error) {
      if (codeOf(error) === 'room_exists' && unanswered) return findOwn(socket, unanswered);
      if (error instanceof NetplayError && UNANSWERED.has(error.code)) unanswered = error;
      throw error;
    }
  };
}

/** How the opener of a room comes back to it. */
export const memberOf = ({ name, password, extra }: OpenRoomOptions): JoinRoomOptions => ({
  name,
  gameId: extra?.game_id,
  sessionId: extra?.sessionid,
  password,
  extra: { rom_hash: extra?.rom_hash, core_type: extra?.core_type },
});
