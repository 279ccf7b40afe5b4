/** An auth server and an SFU node that follow the schemas and do what the test says. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Operation, REQUESTS, requestEnvelope, type RequestType } from '@romm-netplay/protocol';
import { AUTH_API } from '@romm-netplay/protocol/auth-api';
import { SFU_API } from '@romm-netplay/protocol/sfu-api';
import { type WebSocket, WebSocketServer } from 'ws';

export interface HttpCall {
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly authorization: string | undefined;
  readonly cookie: string | undefined;
  readonly body: Record<string, unknown>;
}
export interface Answer {
  readonly status?: number;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}
type HttpHandler = (call: HttpCall, nth: number) => Answer | Promise<Answer>;

export interface SocketCall {
  readonly id: number | string;
  readonly type: RequestType;
  readonly data: Record<string, unknown>;
  readonly socket: WebSocket;
  reply(data: unknown): void;
  refuse(code: string, retryable?: boolean): void;
  event(type: string, data: unknown): void;
}

export const problem = (status: number, code: string, headers?: Record<string, string>): Answer => ({
  status,
  body: { type: 'about:blank', title: code, status, code, detail: `Refused: ${code}.` },
  ...(headers && { headers }),
});
export const html = (status: number): Answer => ({
  status,
  body: '<!doctype html><title>Proxy</title>',
  headers: { 'content-type': 'text/html' },
});
export const signedIn = (sub = 'u1', token = 'access-1', expires = 900): Answer => ({
  body: {
    access_token: token,
    token_type: 'bearer',
    expires,
    player: { sub, netplay_username: `Name of ${sub}`, role: 'player' },
  },
});

const OPERATIONS = new Map(
  Object.values<Operation>({ ...AUTH_API, ...SFU_API }).map((operation) => [
    `${operation.method.toUpperCase()} ${operation.path}`,
    operation,
  ]),
);

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function readCall(request: IncomingMessage): Promise<HttpCall> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://host');
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  const operation = OPERATIONS.get(`${request.method ?? ''} ${pathname}`);
  if (!operation) throw new Error(`no such operation: ${request.method ?? ''} ${pathname}`);
  const query = Object.fromEntries(searchParams);
  operation.query?.parse(query);
  const body = (operation.body?.parse(JSON.parse(text)) ?? {}) as Record<string, unknown>;
  if (request.method === 'POST' && request.headers['content-type'] !== 'application/json')
    throw new Error('type');
  const { authorization, cookie } = request.headers;
  return { path: pathname, query, authorization, cookie, body };
}

function send(response: ServerResponse, { status = 200, body = {}, headers = {} }: Answer): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}

export interface TestServer {
  readonly url: string;
  /** Everything that was asked, in order. */
  readonly calls: HttpCall[];
  readonly sockets: SocketCall[];
  /** What could not be parsed by the schemas; tests expect none. */
  readonly faults: unknown[];
  on(path: string, handler: HttpHandler): void;
  onRequest(type: RequestType, handler: (call: SocketCall, nth: number) => void): void;
  count(path: string): number;
  /** Cuts every connection, as a lost line does. */
  cut(): void;
  closeAll(code: number, reason?: string): void;
  /** Tells every connection something. */
  tell(type: string, data: unknown): void;
  broadcast(data: string | Buffer): void;
  close(): Promise<void>;
}

export async function startServer(): Promise<TestServer> {
  const handlers = new Map<string, HttpHandler>();
  const requests = new Map<string, (call: SocketCall, nth: number) => void>();
  const calls: HttpCall[] = [];
  const sockets: SocketCall[] = [];
  const faults: unknown[] = [];
  const count = (path: string) => calls.filter((call) => call.path === path).length;

  const server = createServer((request, response) => {
    readCall(request)
      .then(async (call) => {
        calls.push(call);
        const handler = handlers.get(call.path);
        send(response, handler ? await handler(call, count(call.path)) : problem(404, 'not_found'));
      })
      .catch((error: unknown) => {
        faults.push(error);
        send(response, problem(400, 'invalid_request'));
      });
  });
  const wss = new WebSocketServer({ server, path: '/ws' });
  wss.on('connection', (socket) => {
    const event = (type: string, data: unknown) => socket.send(JSON.stringify({ type, data }));
    socket.on('message', (raw, isBinary) => {
      if (isBinary) {
        for (const peer of wss.clients) if (peer !== socket) peer.send(raw);
        return;
      }
      const { id, type, data } = requestEnvelope.parse(JSON.parse((raw as Buffer).toString()));
      const parsed = REQUESTS[type as RequestType].safeParse(data);
      if (!parsed.success) faults.push(parsed.error);
      const call: SocketCall = {
        id,
        type: type as RequestType,
        data: data as Record<string, unknown>,
        socket,
        event,
        reply: (reply) => socket.send(JSON.stringify({ id, ok: true, data: reply })),
        refuse: (code, retryable = false) =>
          socket.send(JSON.stringify({ id, ok: false, error: { code, message: `${code}.`, retryable } })),
      };
      sockets.push(call);
      const nth = sockets.filter((other) => other.type === type).length;
      (requests.get(type) ?? ((other) => other.reply({})))(call, nth);
    });
  });
  const url = await listen(server);
  const instance: TestServer = {
    url,
    calls,
    sockets,
    faults,
    on: (path, handler) => void handlers.set(path, handler),
    onRequest: (type, handler) => void requests.set(type, handler),
    count,
    cut: () => wss.clients.forEach((socket) => socket.terminate()),
    closeAll: (code, reason) => wss.clients.forEach((socket) => socket.close(code, reason)),
    tell: (type, data) => wss.clients.forEach((socket) => socket.send(JSON.stringify({ type, data }))),
    broadcast: (data) => wss.clients.forEach((socket) => socket.send(data)),
    async close() {
      instance.cut();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  behaveWell(instance);
  return instance;
}

export const seatIn = (
  room: string,
  slot: number | null,
  ticket: string,
  clientId = 'c',
  isOwner = slot === 0,
) => ({
  room: {
    room_id: `id-of-${room}`,
    room_name: room,
    max_players: 4,
    has_password: false,
    visibility: 'local',
    locked: false,
    phase: 'running',
    launch: null,
    extra: {},
    users: [
      {
        client_id: clientId,
        player_id: 'p',
        name: 'Ada',
        slot,
        is_owner: isOwner,
        connected: true,
        ready: false,
        compatibility: 'ready',
        extra: {},
      },
    ],
  },
  slot,
  resume_token: ticket,
  chat: [],
});

/** Signs everybody in, mints tokens by number, seats everybody. */
function behaveWell(server: TestServer): void {
  server.on('/api/auth/login', () => signedIn());
  server.on('/api/auth/refresh', (_call, nth) => signedIn('u1', `access-r${nth}`));
  server.on('/api/auth/logout', () => ({ body: { ok: true } }));
  server.on('/api/sfu/token', ({ body }, nth) => ({
    body: {
      token: `${String(body['token_type'])}-${nth}`,
      token_type: 'bearer',
      expires: body['token_type'] === 'read' ? 900 : 30,
    },
  }));
  server.on('/list', () => ({ body: {} }));
  server.onRequest('hello', (call, nth) =>
    call.reply({ client_id: `c${nth}`, player_id: 'p', name: 'Ada', node_id: 'n', protocol: 'netplay.v1' }),
  );
  const clientId = () => `c${server.sockets.filter(({ type }) => type === 'hello').length}`;
  server.onRequest('open-room', ({ data, reply }) =>
    reply(seatIn(String(data['room_name']), 0, 't1', clientId())),
  );
  server.onRequest('join-room', ({ data, reply }, nth) =>
    reply(seatIn(String(data['room_name']), 1, `j${nth}`, clientId())),
  );
  server.onRequest('resume-room', ({ data, reply }, nth) =>
    reply(seatIn(String(data['room_name']), 1, `r${nth}`, clientId())),
  );
}
