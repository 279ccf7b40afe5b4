import { DOCTOR_COOKIE, PUBLIC_PREFIX } from '@romm-netplay/protocol';
import { AUTH_API } from '@romm-netplay/protocol/auth-api';
import { SFU_API } from '@romm-netplay/protocol/sfu-api';
import { SOCKET_PATH, SUBPROTOCOL } from '@romm-netplay/protocol/wire';
import type { Answer, Http } from './http.js';
import type { OpenSocket, SocketOutcome } from './node-socket.js';

export interface ObserveDeps {
  readonly http: Http;
  readonly openSocket: OpenSocket;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Told what is being asked. */
  readonly onProgress: (what: string) => void;
}

export interface Targets {
  readonly authUrl: string;
  readonly sfuUrl: string;
  readonly readToken?: string | undefined;
  /** The origin of a page that is to use both. */
  readonly origin?: string | undefined;
}

/** What both services were asked. */
export interface ServiceFacts {
  /** Where its paths begin. */
  readonly base: string;
  /** Operations by path. */
  readonly answers: Readonly<Record<string, Answer>>;
  /** With the cookie and an Authorization header, and then without. */
  readonly echo: Answer;
  readonly bareEcho: Answer;
  readonly ready: Answer;
  readonly preflight: Answer | undefined;
}

export interface AuthFacts extends ServiceFacts {
  readonly configuration: Answer;
  readonly keys: Answer;
}

export interface SfuFacts extends ServiceFacts {
  readonly socket: SocketOutcome;
  /** As a browser opens it from a page of `origin`. */
  readonly socketOfPage: SocketOutcome | undefined;
  readonly polling: Answer;
  readonly pollingUpgrade: SocketOutcome | undefined;
  readonly listWithToken: Answer | undefined;
}

export interface Observed {
  readonly targets: Targets;
  readonly auth: AuthFacts;
  readonly sfu: SfuFacts;
}

/** Existing proxies strip this prefix on the way to the SFU. */
const SFU_PREFIXES = ['', PUBLIC_PREFIX];
/** What the doctor shows is no credential, so it can be sent anywhere. */
const NO_CREDENTIAL = 'Bearer netplay-doctor';
const MARKED = { cookie: `${DOCTOR_COOKIE}=1`, authorization: NO_CREDENTIAL };

/** Asks both services everything there is to ask, at the same time. Never throws. */
export async function observe(deps: ObserveDeps, targets: Targets): Promise<Observed> {
  const [auth, sfu] = await Promise.all([observeAuth(deps, targets), observeSfu(deps, targets)]);
  return { targets, auth, sfu };
}

async function observeAuth({ http, onProgress }: ObserveDeps, targets: Targets): Promise<AuthFacts> {
  const { authUrl: base, origin } = targets;
  onProgress(`auth at ${base}`);
  const get = (path: string, headers = {}) => http(`${base}${path}`, { headers });
  const [configuration, keys, mint, sessions, echo, ready, preflight] = await Promise.all([
    get(AUTH_API.configuration.path),
    get(AUTH_API.jwks.path),
    // Nobody is signed in: refused before anything is looked up.
    http(`${base}${AUTH_API.mintToken.path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    }),
    get(AUTH_API.listSessions.path),
    get(AUTH_API.doctorEcho.path, MARKED),
    get(AUTH_API.readiness.path),
    preflightOf(http, `${base}${AUTH_API.mintToken.path}`, 'POST', origin),
  ]);
  const bareEcho = await get(AUTH_API.doctorEcho.path);
  return {
    base,
    configuration,
    keys,
    echo,
    bareEcho,
    ready,
    preflight,
    answers: {
      [AUTH_API.configuration.path]: configuration,
      [AUTH_API.jwks.path]: keys,
      [AUTH_API.mintToken.path]: mint,
      [AUTH_API.listSessions.path]: sessions,
    },
  };
}

async function observeSfu(deps: ObserveDeps, targets: Targets): Promise<SfuFacts> {
  const { http, onProgress } = deps;
  const { origin, readToken } = targets;
  onProgress(`the SFU at ${targets.sfuUrl}`);
  const { base, echo } = await findSfu(http, targets.sfuUrl);
  const get = (path: string, headers = {}) => http(`${base}${path}`, { headers });
  const sockets = observeSockets(deps, base, origin);
  const [list, resolve, ice, bareEcho, ready, preflight, listWithToken] = await Promise.all([
    get(SFU_API.listRooms.path),
    get(`${SFU_API.resolveRoom.path}?room=doctor`),
    get(SFU_API.ice.path),
    get(SFU_API.doctorEcho.path),
    get(SFU_API.readiness.path),
    preflightOf(http, `${base}${SFU_API.listRooms.path}`, 'GET', origin),
    readToken === undefined
      ? undefined
      : get(SFU_API.listRooms.path, { authorization: `Bearer ${readToken}` }),
  ]);
  return {
    base,
    echo,
    bareEcho,
    ready,
    preflight,
    listWithToken,
    ...(await sockets),
    answers: {
      [SFU_API.listRooms.path]: list,
      [SFU_API.resolveRoom.path]: resolve,
      [SFU_API.ice.path]: ice,
      [SFU_API.doctorEcho.path]: echo,
    },
  };
}

/** The SFU may share a host with RomM, whose proxy may know it below a prefix only. */
async function findSfu(http: Http, url: string): Promise<{ base: string; echo: Answer }> {
  let first: { base: string; echo: Answer } | undefined;
  for (const prefix of SFU_PREFIXES) {
    const base = `${url}${prefix}`;
    const echo = await http(`${base}${SFU_API.doctorEcho.path}`, { headers: MARKED });
    first ??= { base, echo };
    if (echo.kind === 'none') break;
    if (typeof echo.json?.['issuer'] === 'string') return { base, echo };
  }
  return first ?? { base: url, echo: { kind: 'none', reason: 'cut', code: 'not asked' } };
}

async function observeSockets(
  { http, openSocket, timeoutMs, signal, onProgress }: ObserveDeps,
  base: string,
  origin: string | undefined,
) {
  onProgress(`sockets at ${base}`);
  const open = (path: string, more: { subprotocol?: string; origin?: string | undefined } = {}) =>
    openSocket({ url: `${base}${path}`, timeoutMs, signal, ...more });
  const [socket, socketOfPage, polling] = await Promise.all([
    open(SOCKET_PATH, { subprotocol: SUBPROTOCOL }),
    origin === undefined ? undefined : open(SOCKET_PATH, { subprotocol: SUBPROTOCOL, origin }),
    http(`${base}/socket.io/?EIO=4&transport=polling`),
  ]);
  const sid = polling.kind === 'answer' ? /"sid":"([\w-]{1,64})"/.exec(polling.text)?.[1] : undefined;
  if (sid === undefined) return { socket, socketOfPage, polling, pollingUpgrade: undefined };
  const [pollingUpgrade] = await Promise.all([
    open('/socket.io/?EIO=4&transport=websocket'),
    // Ends the session that polling began: Engine.IO packet "close".
    http(`${base}/socket.io/?EIO=4&transport=polling&sid=${sid}`, { method: 'POST', body: '1' }),
  ]);
  return { socket, socketOfPage, polling, pollingUpgrade };
}

function preflightOf(http: Http, url: string, method: string, origin: string | undefined) {
  if (origin === undefined) return undefined;
  const asked = {
    'access-control-request-method': method,
    'access-control-request-headers': 'authorization,content-type',
  };
  return http(url, { method: 'OPTIONS', headers: { origin, ...asked } });
}
