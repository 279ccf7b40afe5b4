import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { CloseName } from '@romm-netplay/protocol/wire';
import { type AddressOf, HttpError, type IsOwnPage } from '@romm-netplay/service-kit';
import { Server, type ServerOptions, type Socket } from 'socket.io';
import { WebSocketServer } from 'ws';
import { translateError } from '../signaling/http-refusal.js';
import type { FindRoomDeps } from '../rooms/find-room.js';
import { assertSocketFree } from '../guests/assert-socket-free.js';
import type { SessionDeps } from '../signaling/session.js';
import { type Identified, identifyShown, type WhoDeps } from '../romm/shown.js';
import { anyOf } from '../tokens/token-policy.js';
import type { SocketLimits } from '../ws/limits.js';
import type { SocketSlots } from '../ws/socket-slots.js';
import { createAliases } from './aliases.js';
import { boundPolling } from './bound-polling.js';
import { boundedParser } from './bounded-decoder.js';
import { bindConnection } from './connection.js';
import { shownInHandshake } from './handshake.js';
import type { SocketIoOutbox } from './outbox.js';
import { limitTraffic, MAX_PACKET_BYTES } from './traffic.js';

export interface GatewayOptions {
  readonly session: SessionDeps & FindRoomDeps & WhoDeps;
  readonly limits: SocketLimits;
  readonly slots: SocketSlots;
  /** Whether a page may connect, and its cookies count. */
  readonly isOwnPage: IsOwnPage;
  readonly addressOf: AddressOf;
  readonly allowQueryToken: boolean;
}

export interface Gateway {
  readonly connections: number;
  /** Takes a request of Socket.IO; false for any other. */
  takesRequest(request: IncomingMessage, response: ServerResponse): boolean;
  takesUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean;
  /** Tells every client that the node goes away and waits until they are gone, for a bounded time. */
  close(): Promise<void>;
}

const PATH = '/socket.io';

/** Existing clients of Socket.IO, in the same rooms as everybody else. Without its rooms: a name is a name (D12). */
export function createGateway(options: GatewayOptions): Gateway {
  const { session, limits, slots, addressOf } = options;
  const aliases = createAliases();
  const outboxes = new Map<Socket['conn'], SocketIoOutbox>();
  const greetings = new WeakMap<Socket['conn'], Greeting>();
  // Socket.IO takes over the server it is given; it gets one of its own, that is handed what is meant for it.
  const gate = createServer();
  const io = new Server(gate, engineOptions(options));

  markAnswers(io, session.directory.nodeId);
  io.engine.on('connection', (conn: Socket['conn']) => {
    const close = (name: CloseName) => {
      const outbox = outboxes.get(conn);
      if (outbox === undefined) conn.close(true);
      else outbox.close(name);
    };
    limitTraffic(conn, limits, close);
    const onKnown = boundPolling(conn.transport, () => close('tooManyMessages'));
    greetings.set(conn, { onKnown, introduced: false });
    try {
      // Others may have come since the request was let in.
      conn.once('close', slots.take(addressOf(conn.request)));
    } catch {
      conn.close(true);
    }
  });
  io.use((socket, next) => {
    const greeting = greetings.get(socket.conn);
    // One connection is one socket: Socket.IO itself counts the second when the first has been let in.
    if (greeting === undefined || greeting.introduced) {
      socket.conn.close(true);
      return;
    }
    greeting.introduced = true;
    introduce(options, socket, addressOf(socket.request)).then(
      (introduced) => {
        (socket.data as { introduced?: Identified }).introduced = introduced;
        next();
      },
      (error: unknown) => {
        greeting.introduced = false;
        const report = (cause: unknown) => session.onUnexpected(cause, socket.id);
        next(connectError(error, report, session.romm !== undefined));
      },
    );
  });
  io.on('connection', (socket) => {
    const { introduced } = socket.data as { introduced: Identified };
    socket.conn.once('close', () => outboxes.delete(socket.conn));
    const outbox = bindConnection(socket, introduced, { session, aliases, limits });
    outboxes.set(socket.conn, outbox);
    greetings.get(socket.conn)?.onKnown();
  });

  return {
    get connections() {
      return io.engine.clientsCount;
    },
    takesRequest(request, response) {
      if (!isOurs(request.url)) return false;
      if (isWelcome(options, request)) gate.emit('request', request, response);
      else response.writeHead(403, REFUSAL_HEADERS).end(REFUSAL);
      return true;
    },
    takesUpgrade(request, socket, head) {
      if (!isOurs(request.url)) return false;
      if (isWelcome(options, request)) gate.emit('upgrade', request, socket, head);
      else socket.end(REFUSED_UPGRADE);
      return true;
    },
    async close() {
      slots.shut();
      const gone = [...outboxes].map(([conn, outbox]) => {
        const closed = new Promise<void>((resolve) => conn.once('close', () => resolve()));
        outbox.close('goingAway');
        return closed;
      });
      const cut = new Promise<void>((resolve) => void setTimeout(resolve, limits.closeTimeoutMs).unref());
      await Promise.race([Promise.all(gone), cut]);
      await io.close();
    },
  };
}

/**
 * Of an own page, in every request: whoever knows the id of a connection could go on with it from anywhere. And none
 * for a script tag (`j`, which no client of today asks for): pages of elsewhere could read what that answers.
 */
const isWelcome = ({ isOwnPage }: GatewayOptions, { headers, url }: IncomingMessage): boolean =>
  isOwnPage(headers) && !new URLSearchParams(/\?.*$/.exec(url ?? '')?.[0]).has('j');

function markAnswers(io: Server, nodeId: string): void {
  io.engine.on('headers', (headers: Record<string, string>) => {
    // A page of elsewhere that asks by a script tag must not run what it gets, and no proxy may keep it.
    Object.assign(headers, { 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' });
  });
  // Tells clients and the doctor who answers; of nothing that a room list does not say.
  io.engine.on('initial_headers', (headers: Record<string, string>) => {
    headers['x-netplay-node'] = encodeURIComponent(nodeId);
  });
}

interface Greeting {
  readonly onKnown: () => void;
  introduced: boolean;
}

/** As Engine.IO says it. */
const REFUSAL = JSON.stringify({ code: 4, message: 'origin_refused' });
const REFUSED_UPGRADE = [
  'HTTP/1.1 403 Forbidden',
  'Content-Type: application/json',
  `Content-Length: ${REFUSAL.length}`,
  'Connection: close',
  `\r\n${REFUSAL}`,
].join('\r\n');
const REFUSAL_HEADERS = { 'content-type': 'application/json', 'x-content-type-options': 'nosniff' };

function engineOptions({ limits, slots, isOwnPage, addressOf }: GatewayOptions): Partial<ServerOptions> {
  function refusalOf(request: IncomingMessage): string | undefined {
    try {
      slots.assertFree(addressOf(request));
      return undefined;
    } catch (error) {
      return error instanceof HttpError ? error.code : 'internal';
    }
  }

  return {
    path: PATH,
    addTrailingSlash: false,
    serveClient: false,
    transports: ['polling', 'websocket'],
    allowUpgrades: true,
    perMessageDeflate: false,
    httpCompression: false,
    cookie: false,
    wsEngine: webSocketServers(limits),
    maxHttpBufferSize: MAX_PACKET_BYTES,
    parser: boundedParser,
    connectTimeout: limits.helloTimeoutMs,
    upgradeTimeout: limits.helloTimeoutMs,
    pingInterval: limits.heartbeatMs,
    pingTimeout: limits.heartbeatMs,
    cors: ({ headers }: { headers: IncomingHttpHeaders }, callback) => {
      callback(null, { origin: headers.origin !== undefined && isOwnPage(headers), credentials: true });
    },
    allowRequest: (request, callback) => {
      const refusal = refusalOf(request);
      callback(refusal, refusal === undefined);
    },
  };
}

/** The servers that Socket.IO makes for itself: a peer that does not finish closing is cut. */
const webSocketServers = ({ closeTimeoutMs: closeTimeout }: SocketLimits) =>
  class extends WebSocketServer {
    constructor(options: object) {
      // Known to ws since 8.19, not yet to its types.
      super({ ...options, closeTimeout } as object);
    }
  };

const isOurs = (url = ''): boolean =>
  url === PATH || url.startsWith(`${PATH}/`) || url.startsWith(`${PATH}?`);

/** Who connects: any token of a player tells; a write token can still be used up by the first room. */
async function introduce(
  { session, allowQueryToken, isOwnPage }: GatewayOptions,
  { handshake }: Socket,
  address: string,
): Promise<Identified> {
  const { romm } = session;
  const { headers } = handshake;
  const shown = shownInHandshake(handshake, { romm, allowQueryToken, isOwnPage: isOwnPage(headers) });
  if (shown.length === 0 && romm === undefined)
    throw new HttpError(401, 'token_missing', 'Show a read token in auth or as a cookie.');
  const introduced = await identifyShown(session, shown, { types: anyOf(session.policy), address });
  assertSocketFree(session, introduced.identity.player);
  return introduced;
}

/**
 * As the incumbent says it, with the code and the sentence of this project as data (D9). Pages of RomM show the
 * message as it is, so whoever came without a token of ours reads the sentence.
 */
function connectError(error: unknown, onUnexpected: (error: unknown) => void, asksRomm: boolean): Error {
  const refusal = error instanceof HttpError ? error : translateError(error);
  if (refusal === undefined) onUnexpected(error);
  const { status, code, message } = refusal ?? {
    status: 503,
    code: 'internal',
    message: 'Something failed here; try again.',
  };
  const retryable = status === 503 || status === 429;
  const isOfRomm = asksRomm && ROMM_REFUSALS.includes(code);
  const told = new Error(isOfRomm ? message : retryable ? 'auth unavailable' : 'unauthorized');
  return Object.assign(told, { data: { code, message, retryable } });
}

const ROMM_REFUSALS = [
  'not_signed_in',
  'kiosk_visitor',
  'account_disabled',
  'identity_taken',
  'romm_unavailable',
  'state_unavailable',
  'too_many_attempts',
];
