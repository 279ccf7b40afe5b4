import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { CloseName } from '@romm-netplay/protocol/wire';
import { HttpError } from '@romm-netplay/service-kit';
import proxyAddr from 'proxy-addr';
import { Server, type ServerOptions, type Socket } from 'socket.io';
import { WebSocketServer } from 'ws';
import { translateError } from '../signaling/http-refusal.js';
import type { FindRoomDeps } from '../rooms/find-room.js';
import { assertSocketFree } from '../guests/assert-socket-free.js';
import type { SessionDeps } from '../signaling/session.js';
import { identify } from '../tokens/identify.js';
import { anyOf } from '../tokens/token-policy.js';
import type { SocketLimits } from '../ws/limits.js';
import type { SocketSlots } from '../ws/socket-slots.js';
import { createAliases } from './aliases.js';
import { bindConnection, type Introduced } from './connection.js';
import { handshakeToken } from './handshake.js';
import type { SocketIoOutbox } from './outbox.js';
import { limitTraffic, MAX_PACKET_BYTES } from './traffic.js';

export interface GatewayOptions {
  readonly session: SessionDeps & FindRoomDeps;
  readonly limits: SocketLimits;
  readonly slots: SocketSlots;
  readonly allowsOrigin: (origin: string, host: string | undefined) => boolean;
  /** Addresses or CIDRs whose X-Forwarded-For is believed. */
  readonly trustedProxies: readonly string[];
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
  const { session, limits, slots } = options;
  const trusts = proxyAddr.compile([...options.trustedProxies]);
  const aliases = createAliases();
  const outboxes = new Map<Socket['conn'], SocketIoOutbox>();
  // Socket.IO takes over the server it is given; it gets one of its own, that is handed what is meant for it.
  const gate = createServer();
  const io = new Server(gate, engineOptions(options, trusts));

  io.engine.on('connection', (conn: Socket['conn']) => {
    const close = (name: CloseName) => {
      const outbox = outboxes.get(conn);
      if (outbox === undefined) conn.close(true);
      else outbox.close(name);
    };
    limitTraffic(conn, limits, close);
    try {
      // Others may have come since the request was let in.
      conn.once('close', slots.take(proxyAddr(conn.request, trusts)));
    } catch {
      conn.close(true);
    }
  });
  io.use((socket, next) => {
    introduce(options, socket).then(
      (introduced) => {
        (socket.data as { introduced?: Introduced }).introduced = introduced;
        next();
      },
      (error: unknown) => next(connectError(error, (cause) => session.onUnexpected(cause, socket.id))),
    );
  });
  io.on('connection', (socket) => {
    const { introduced } = socket.data as { introduced: Introduced };
    socket.conn.once('close', () => outboxes.delete(socket.conn));
    const outbox = bindConnection(socket, introduced, { session, aliases, limits });
    outboxes.set(socket.conn, outbox);
  });

  return {
    get connections() {
      return io.engine.clientsCount;
    },
    takesRequest(request, response) {
      if (!isOurs(request.url)) return false;
      gate.emit('request', request, response);
      return true;
    },
    takesUpgrade(request, socket, head) {
      if (!isOurs(request.url)) return false;
      gate.emit('upgrade', request, socket, head);
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

type Trust = ReturnType<typeof proxyAddr.compile>;

function engineOptions(
  { limits, slots, allowsOrigin }: GatewayOptions,
  trusts: Trust,
): Partial<ServerOptions> {
  function refusalOf(request: IncomingMessage): string | undefined {
    const { origin, host } = request.headers;
    if (origin !== undefined && !allowsOrigin(origin, host)) return 'origin_refused';
    try {
      slots.assertFree(proxyAddr(request, trusts));
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
    connectTimeout: limits.helloTimeoutMs,
    upgradeTimeout: limits.helloTimeoutMs,
    pingInterval: limits.heartbeatMs,
    pingTimeout: limits.heartbeatMs,
    cors: (
      { headers }: { headers: { origin?: string | undefined; host?: string | undefined } },
      callback,
    ) => {
      const { origin, host } = headers;
      callback(null, { origin: origin !== undefined && allowsOrigin(origin, host), credentials: true });
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
  { session, allowQueryToken }: GatewayOptions,
  { handshake }: Socket,
): Promise<Introduced> {
  const token = handshakeToken(handshake, { allowQueryToken });
  if (token === undefined)
    throw new HttpError(401, 'token_missing', 'Show a read token in auth or as a cookie.');
  const identity = await identify(session, token, anyOf(session.policy));
  assertSocketFree(session, identity.player);
  return { identity, token };
}

/** As the incumbent says it, with the code and the sentence of this project as data (D9). */
function connectError(error: unknown, onUnexpected: (error: unknown) => void): Error {
  const refusal = error instanceof HttpError ? error : translateError(error);
  if (refusal === undefined) onUnexpected(error);
  const { status, code, message } = refusal ?? {
    status: 503,
    code: 'internal',
    message: 'Something failed here; try again.',
  };
  const retryable = status === 503 || status === 429;
  const told = new Error(retryable ? 'auth unavailable' : 'unauthorized');
  return Object.assign(told, { data: { code, message, retryable } });
}
