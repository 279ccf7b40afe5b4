import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { MAX_BINARY_FRAME_BYTES, SOCKET_PATH, SUBPROTOCOL } from '@romm-netplay/protocol/wire';
import {
  type AddressOf,
  HttpError,
  type IsOwnPage,
  type ListeningServer,
  PROBLEM_JSON,
  toProblem,
} from '@romm-netplay/service-kit';
import { WebSocketServer } from 'ws';
import { assertSocketFree } from '../guests/assert-socket-free.js';
import { translateError } from '../signaling/http-refusal.js';
import { type Introduction, Session, type SessionDeps } from '../signaling/session.js';
import { identifyShown, shownInCookies, shownInHeader, type WhoDeps } from '../romm/shown.js';
import { bindConnection, closeSocket } from './connection.js';
import type { SocketLimits } from './limits.js';
import type { SocketSlots } from './socket-slots.js';

export interface SocketServerOptions {
  readonly server: Pick<ListeningServer, 'serveUpgrades'>;
  readonly session: SessionDeps & WhoDeps;
  readonly limits: SocketLimits;
  readonly slots: SocketSlots;
  /** Takes the upgrades of another protocol; false for those that are none of its own. */
  readonly takesUpgrade?: (request: IncomingMessage, socket: Duplex, head: Buffer) => boolean;
  /** Whether a page may connect, and its cookies count. */
  readonly isOwnPage: IsOwnPage;
  /** Whether it is that of another instance whose players may come; its pages bring tokens in a message. */
  readonly isPartnerOrigin: (origin: string | undefined) => boolean;
  readonly addressOf: AddressOf;
  /** Takes a token from the query, too; it ends up in access logs. */
  readonly allowQueryToken: boolean;
}

export interface SocketServer {
  readonly connections: number;
  /** Tells every client that the node goes away and waits until they are gone, for a bounded time. */
  close(): Promise<void>;
}

/** Takes WebSocket upgrades on /ws and binds each to a session. */
export function attachSocketServer(options: SocketServerOptions): SocketServer {
  const { server, session, limits, slots, addressOf } = options;
  const serverOptions = {
    noServer: true,
    maxPayload: MAX_BINARY_FRAME_BYTES,
    perMessageDeflate: false,
    // Known to ws since 8.19, not yet to its types.
    closeTimeout: limits.closeTimeoutMs,
    handleProtocols: () => SUBPROTOCOL,
  };
  const wss = new WebSocketServer(serverOptions);
  const admit = createAdmission(options);
  const heartbeats = new Set<() => void>();
  const interval = setInterval(() => heartbeats.forEach((beat) => beat()), limits.heartbeatMs);

  async function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const cut = () => void socket.destroy();
    socket.on('error', cut);
    try {
      const address = addressOf(request);
      // Counts until it is really closed, also when it is refused below.
      socket.once('close', slots.take(address));
      const introduction = await admit(request, address);
      socket.removeListener('error', cut);
      wss.handleUpgrade(request, socket, head, (ws) => {
        const beat = bindConnection(ws, (outbox) => new Session(session, outbox, introduction), limits);
        heartbeats.add(beat);
        ws.once('close', () => heartbeats.delete(beat));
      });
    } catch (error) {
      rejectUpgrade(socket, error);
    }
  }
  function onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (options.takesUpgrade?.(request, socket, head) !== true) void upgrade(request, socket, head);
  }
  server.serveUpgrades(onUpgrade);

  return {
    get connections() {
      return wss.clients.size;
    },
    async close() {
      slots.shut();
      clearInterval(interval);
      for (const client of wss.clients) closeSocket(client, 'goingAway');
      const cut = setTimeout(
        () => wss.clients.forEach((client) => client.terminate()),
        limits.closeTimeoutMs,
      );
      await new Promise<void>((resolve) => wss.close(() => resolve()));
      clearTimeout(cut);
    },
  };
}

/** Judges an upgrade request by path, origin, subprotocol and bearer token. @throws HttpError, TokenError */
function createAdmission(options: SocketServerOptions) {
  const { isOwnPage: isOwn, isPartnerOrigin, allowQueryToken, session } = options;
  const types = session.policy.identity;
  return async (request: IncomingMessage, address: string): Promise<Introduction> => {
    const { headers } = request;
    const { pathname, searchParams } = parseTarget(request.url);
    if (pathname !== SOCKET_PATH) {
      throw new HttpError(404, 'not_found', `Sockets connect to ${SOCKET_PATH}.`);
    }
    const isOwnPage = isOwn(headers);
    if (!isOwnPage && !isPartnerOrigin(headers.origin)) {
      throw new HttpError(
        403,
        'origin_refused',
        'Pages of this origin may not connect; add it to ALLOWED_ORIGINS.',
      );
    }
    const offered = headers['sec-websocket-protocol']?.split(/\s*,\s*/) ?? [];
    if (!offered.includes(SUBPROTOCOL)) {
      throw new HttpError(400, 'subprotocol_missing', `Ask for the subprotocol ${SUBPROTOCOL}.`);
    }
    const inHeader = shownInHeader(session, headers);
    if (inHeader !== undefined) {
      const { identity } = await identifyShown(session, [inHeader], { types, address });
      assertSocketFree(session, identity.player);
      return { identity };
    }
    // A page of another instance speaks for its own players, never by the cookies that somebody has here.
    const inCookies = isOwnPage ? shownInCookies(session, headers) : [];
    const token = allowQueryToken ? searchParams.get('token') : null;
    const shown = token === null ? inCookies : [...inCookies, { token }];
    return { fallback: async () => (await identifyShown(session, shown, { types, address })).identity };
  };
}

function parseTarget(target = '/'): URL {
  const base = 'http://localhost';
  return new URL(URL.canParse(target, base) ? target : '/', base);
}

function rejectUpgrade(socket: Duplex, error: unknown): void {
  const refusal = asHttpError(error);
  const problem = toProblem(refusal);
  const body = JSON.stringify(problem);
  const head = [
    `HTTP/1.1 ${refusal.status} ${problem.title}`,
    `Content-Type: ${PROBLEM_JSON}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    ...(refusal.status === 503 || refusal.status === 429 ? ['Retry-After: 1'] : []),
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

function asHttpError(error: unknown): HttpError {
  if (error instanceof HttpError) return error;
  return translateError(error) ?? new HttpError(500, 'internal', 'Something failed here; try again.');
}
