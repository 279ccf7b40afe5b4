import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import {
  createServer,
  type IncomingHttpHeaders,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RommRelease } from './romm-releases.js';

export interface RommUser {
  readonly id: number;
  readonly username: string;
  readonly enabled: boolean;
  readonly role: string;
  /** What the release answers beside; a member it does not have is not answered. */
  readonly netplayid?: string | null;
  readonly ui_settings?: unknown;
}

/**
 * How the server answers: `ok` as RomM does; the rest is what players meet in its place.
 * `stalled-head` and `stalled-body` never finish, `hang-up` closes the connection without an answer.
 */
export type RommMode =
  | 'ok'
  | 'html'
  | 'login-page'
  | 'error'
  | 'bad-gateway'
  | 'busy'
  | 'not-found'
  | 'redirect'
  | 'malformed'
  | 'misfit'
  | 'null'
  | 'huge'
  | 'stalled-head'
  | 'stalled-body'
  | 'hang-up';

export interface RommBehaviour {
  readonly mode: RommMode;
  /** Waits this long before an answer. */
  readonly delayMs: number;
  /** Members left out of the answer, as if a later release did without them. */
  readonly without: readonly string[];
  /** RomM refuses a disabled user like a stranger; `shown` answers the user with `enabled: false`. */
  readonly disabledUsers: 'refused' | 'shown';
  /** RomM's KIOSK_MODE: whoever is not signed in is the user -1, `kiosk`. */
  readonly kiosk: boolean;
  /** Whether its config.yml turns netplay on. */
  readonly netplay: boolean;
  /** Where mode `redirect` points. */
  readonly redirectTo: string;
}

export interface RommRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
}

export interface RommServer {
  readonly url: string;
  /** Every question who somebody is so far, oldest first. */
  readonly requests: readonly RommRequest[];
  /** How many of them it had to answer at the same time, at most. */
  readonly load: { readonly most: number };
  /** Adds a user, or replaces the one of the same id. */
  putUser(user: Partial<RommUser> & Pick<RommUser, 'username'>): RommUser;
  /** Signs a user in; answers the value of the `romm_session` cookie. */
  openSession(userId: number): string;
  /** Answers an OAuth access token, without `Bearer`. */
  issueBearer(userId: number): string;
  /** Answers a client API token, `rmm_` and 64 hex digits. */
  issueClientToken(userId: number): string;
  /** Ends a session or a token, as signing out does. */
  revoke(credential: string): void;
  behave(behaviour: Partial<RommBehaviour>): void;
  /** Refuses connections until `comeBack`. */
  goDown(): Promise<void>;
  comeBack(): Promise<void>;
  close(): Promise<void>;
}

const NORMAL: RommBehaviour = {
  mode: 'ok',
  delayMs: 0,
  without: [],
  disabledUsers: 'refused',
  kiosk: false,
  netplay: true,
  redirectTo: 'http://127.0.0.1:1/elsewhere',
};
const HUGE_BYTES = 8 * 1024 * 1024;

/**
 * A stand-in for a released RomM (see `RommRelease`): who is signed in, at `GET /api/users/me`; what it says of itself;
 * and, where a proxy still leads there, its own netplay.
 *
 * @param pages what it answers elsewhere; 404 if not given
 */
export async function startRommServer(
  release: RommRelease,
  pages: RequestListener = (_request, response) => json(response, 404, { detail: 'Not Found' }),
): Promise<RommServer> {
  const kioskUser: RommUser = { id: -1, username: 'kiosk', enabled: true, role: release.role };
  const users = new Map<number, RommUser>();
  /** By Cookie or Authorization value, as RomM would accept it. */
  const sessions = new Map<string, number>();
  const tokens = new Map<string, number>();
  const requests: RommRequest[] = [];
  const load = { now: 0, most: 0 };
  let behaviour = NORMAL;

  /** What the release tells of a user: no member more, and none less but those taken away. */
  function describe(user: RommUser): object {
    const known: Record<string, unknown> = { ...release.members, ...user };
    const names = ['id', 'username', 'enabled', 'role', ...Object.keys(release.members)];
    const answered = names.filter((name) => !behaviour.without.includes(name));
    return Object.fromEntries(answered.map((name) => [name, known[name]]));
  }

  function answer(headers: IncomingHttpHeaders, response: ServerResponse): void {
    if (behaviour.mode !== 'ok') {
      FAULTS[behaviour.mode](response, behaviour);
      return;
    }
    const user = users.get(sessions.get(sessionOf(headers)) ?? tokens.get(bearerOf(headers)) ?? NaN);
    if (user !== undefined && (user.enabled || behaviour.disabledUsers === 'shown')) {
      json(response, 200, describe(user));
      return;
    }
    if (behaviour.kiosk) {
      json(response, 200, describe(kioskUser));
      return;
    }
    const { status, detail } = release.anonymous;
    json(response, status, { detail });
  }

  const server = createServer((request, response) => {
    const { method = '', url: path = '', headers } = request;
    if (method !== 'GET' || path !== '/api/users/me') {
      const ofItself = answerOfItself(path, release, behaviour);
      if (ofItself === undefined) pages(request, response);
      else json(response, ofItself.status, ofItself.body);
      return;
    }
    requests.push({ method, path, headers });
    bear(load, response);
    if (behaviour.delayMs === 0) {
      answer(headers, response);
      return;
    }
    setTimeout(() => answer(headers, response), behaviour.delayMs).unref();
  });
  await listenOn(server, 0);
  const { port } = server.address() as AddressInfo;

  const issue = (held: Map<string, number>, credential: string, userId: number) => {
    held.set(credential, userId);
    return credential;
  };
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    load,
    putUser(given) {
      const user: RommUser = { enabled: true, role: release.role, id: users.size + 1, ...given };
      users.set(user.id, user);
      return user;
    },
    openSession: (userId) => issue(sessions, randomUUID(), userId),
    issueBearer: (userId) => issue(tokens, accessToken(users.get(userId)?.username ?? ''), userId),
    issueClientToken: (userId) => issue(tokens, `rmm_${randomBytes(32).toString('hex')}`, userId),
    revoke(credential) {
      sessions.delete(credential);
      tokens.delete(credential);
    },
    behave: (changes) => void (behaviour = { ...behaviour, ...changes }),
    goDown: () => stop(server),
    comeBack: () => listenOn(server, port),
    close: () => stop(server),
  };
}

function bear(load: { now: number; most: number }, response: ServerResponse): void {
  load.now += 1;
  load.most = Math.max(load.most, load.now);
  response.once('close', () => (load.now -= 1));
}

/** What RomM says without being told who asks; undefined where the release has nothing. */
function answerOfItself(
  path: string,
  { version, anonymous }: RommRelease,
  { netplay }: RommBehaviour,
): { status: number; body: unknown } | undefined {
  const hasNetplay = version !== '4.4.0';
  const { pathname } = new URL(path, 'http://romm');
  if (pathname === '/api/heartbeat') return { status: 200, body: { SYSTEM: { VERSION: version } } };
  if (pathname === '/api/config') {
    return { status: 200, body: hasNetplay ? { EJS_NETPLAY_ENABLED: netplay } : {} };
  }
  if (!hasNetplay) return undefined;
  if (pathname === '/api/netplay/list') {
    return { status: anonymous.status, body: { detail: anonymous.detail } };
  }
  if (pathname !== '/netplay/socket.io/') return undefined;
  return { status: 200, body: { sid: 'of-romm', upgrades: ['websocket'] } };
}

type Fault = (response: ServerResponse, behaviour: RommBehaviour) => void;

const PAGE = '<!doctype html><html><body>Welcome</body></html>';
const FAULTS: Record<Exclude<RommMode, 'ok'>, Fault> = {
  html: (response) => page(response, 200),
  'login-page': (response) => page(response, 403),
  error: (response) =>
    void response.writeHead(500, { 'content-type': 'text/plain' }).end('Internal Server Error'),
  'bad-gateway': (response) => page(response, 502),
  busy: (response) => json(response, 429, { detail: 'Too Many Requests' }),
  'not-found': (response) => json(response, 404, { detail: 'Not Found' }),
  redirect: (response, { redirectTo }) => void response.writeHead(302, { location: redirectTo }).end(),
  malformed: (response) => void response.writeHead(200, JSON_TYPE).end('{"id": 1, "username": "ad'),
  misfit: (response) => json(response, 200, { id: {}, username: ['ada'], enabled: 'yes' }),
  null: (response) => json(response, 200, null),
  huge: (response) => json(response, 200, { id: 1, ra_progression: 'x'.repeat(HUGE_BYTES) }),
  'stalled-head': () => undefined,
  'stalled-body': (response) => void response.writeHead(200, JSON_TYPE).write('{"id": 1,'),
  'hang-up': (response) => void response.socket?.destroy(),
};

const JSON_TYPE = { 'content-type': 'application/json' };

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, JSON_TYPE).end(JSON.stringify(body));
}

function page(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'content-type': 'text/html; charset=utf-8' }).end(PAGE);
}

const sessionOf = ({ cookie = '' }: IncomingHttpHeaders) =>
  /(?:^|; )romm_session=([^;]*)/.exec(cookie)?.[1] ?? '';
const bearerOf = ({ authorization = '' }: IncomingHttpHeaders) =>
  /^bearer (\S+)$/i.exec(authorization)?.[1] ?? '';

/** RomM's access tokens are HS256 JWTs of the issuer `romm:oauth`. */
function accessToken(sub: string): string {
  const claims = { sub, iss: 'romm:oauth', type: 'access', scopes: 'me.read', jti: randomUUID() };
  const signed = [{ alg: 'HS256', typ: 'JWT' }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${signed}.${createHmac('sha256', 'stand-in').update(signed).digest('base64url')}`;
}

function listenOn(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
