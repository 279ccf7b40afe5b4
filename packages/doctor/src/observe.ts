import { AUTH_ALSO_AT, DOCTOR_COOKIE, PUBLIC_PREFIX, ROMM_LIST_PATH } from '@romm-netplay/protocol';
import { AUTH_API } from '@romm-netplay/protocol/auth-api';
import { SFU_API } from '@romm-netplay/protocol/sfu-api';
import { SOCKET_PATH, SUBPROTOCOL } from '@romm-netplay/protocol/wire';
import { type Answer, type Http, isDead } from './http.js';
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
  /** A question that only the instance's own services may ask, without their secret. */
  readonly internal: Answer;
}

export interface SfuFacts extends ServiceFacts {
  readonly socket: SocketOutcome;
  /** As a browser opens it from a page of `origin`. */
  readonly socketOfPage: SocketOutcome | undefined;
  readonly polling: Answer;
  readonly pollingUpgrade: SocketOutcome | undefined;
  readonly listWithToken: Answer | undefined;
}

/** What RomM's player page would meet on RomM's host. */
export interface RommFacts {
  readonly site: string;
  readonly heartbeat: Answer;
  readonly config: Answer;
  readonly list: Answer;
  readonly polling: Answer;
  /** To what was sent in the session that polling began, one after the other. */
  readonly sentLater: readonly Answer[];
}

export interface Observed {
  readonly targets: Targets;
  readonly auth: AuthFacts;
  readonly sfu: SfuFacts;
  /** Undefined: neither is RomM there, nor would the SFU take its session. */
  readonly romm: RommFacts | undefined;
}

/** What the doctor shows is no credential, so it can be sent anywhere. */
const NO_CREDENTIAL = 'Bearer netplay-doctor';
const MARKED = { cookie: `${DOCTOR_COOKIE}=1`, authorization: NO_CREDENTIAL };

/** Asks both services everything there is to ask, at the same time. Never throws. */
export async function observe(deps: ObserveDeps, targets: Targets): Promise<Observed> {
  const [auth, sfu] = await Promise.all([observeAuth(deps, targets), observeSfu(deps, targets)]);
  return { targets, auth, sfu, romm: await observeRomm(deps, targets, sfu) };
}

async function observeAuth({ http, onProgress }: ObserveDeps, targets: Targets): Promise<AuthFacts> {
  const { authUrl, origin } = targets;
  onProgress(`auth at ${authUrl}`);
  const { base, answer: configuration } = await find(authUrl, 'issuer', (url) =>
    http(`${url}${AUTH_API.configuration.path}`),
  );
  const get = (path: string, headers = {}) => http(`${base}${path}`, { headers });
  const [keys, mint, sessions, echo, ready, internal, preflight] = await Promise.all([
    get(AUTH_API.jwks.path),
    // Nobody is signed in: refused before anything is looked up.
    http(`${base}${AUTH_API.mintToken.path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    }),
    get(AUTH_API.listSessions.path),
    get(AUTH_API.doctorEcho.path, MARKED),
    get(AUTH_ALSO_AT[AUTH_API.readiness.path]),
    http(`${base}${AUTH_API.verifyToken.path}`, { method: 'POST' }),
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
    internal,
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
  const { base, answer: echo } = await find(targets.sfuUrl, 'issuer', (url) =>
    http(`${url}${SFU_API.doctorEcho.path}`, { headers: MARKED }),
  );
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

/**
 * Where a service is, which beside RomM is below a prefix: where its answer has this member; else where a proxy leads
 * to it in vain; else at the URL itself.
 */
async function find(
  url: string,
  member: string,
  ask: (url: string) => Promise<Answer>,
): Promise<{ base: string; answer: Answer }> {
  const here = { base: url, answer: await ask(url) };
  const isIt = ({ answer }: typeof here) =>
    answer.kind === 'answer' && typeof answer.json?.[member] === 'string';
  if (here.answer.kind === 'none' || isIt(here)) return here;
  const prefixed = `${url}${PUBLIC_PREFIX}`;
  const below = { base: prefixed, answer: await ask(prefixed) };
  return isIt(below) || (isDead(below.answer) && !isDead(here.answer)) ? below : here;
}

/** As often as it takes to meet another node where two take turns. */
const LATER = 4;
const ENGINE_NOOP = '6';
const ENGINE_CLOSE = '1';

async function observeRomm(
  { http, onProgress }: ObserveDeps,
  { authUrl }: Targets,
  { echo }: SfuFacts,
): Promise<RommFacts | undefined> {
  const site = new URL(authUrl).origin;
  const heartbeat = await http(`${site}/api/heartbeat`);
  const isRomm = heartbeat.kind === 'answer' && heartbeat.json?.['SYSTEM'] !== undefined;
  const identity = echo.kind === 'answer' ? echo.json?.['identity'] : undefined;
  if (!isRomm && !(Array.isArray(identity) && identity.includes('romm'))) return undefined;
  onProgress(`RomM at ${site}`);
  const socketIo = `${site}${PUBLIC_PREFIX}/socket.io/?EIO=4&transport=polling`;
  const [config, list, polling] = await Promise.all([
    http(`${site}/api/config`),
    http(`${site}${ROMM_LIST_PATH}?game_id=0`),
    http(socketIo),
  ]);
  const sid = sessionIdOf(polling);
  const sentLater: Answer[] = [];
  for (let i = 0; sid !== undefined && i < LATER; i += 1) {
    sentLater.push(await http(`${socketIo}&sid=${sid}`, { method: 'POST', body: ENGINE_NOOP }));
  }
  if (sid !== undefined) await http(`${socketIo}&sid=${sid}`, { method: 'POST', body: ENGINE_CLOSE });
  return { site, heartbeat, config, list, polling, sentLater };
}

const sessionIdOf = (polling: Answer): string | undefined =>
  polling.kind === 'answer' ? /"sid":"([\w-]{1,64})"/.exec(polling.text)?.[1] : undefined;

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
  const sid = sessionIdOf(polling);
  if (sid === undefined) return { socket, socketOfPage, polling, pollingUpgrade: undefined };
  const [pollingUpgrade] = await Promise.all([
    open('/socket.io/?EIO=4&transport=websocket'),
    // Ends the session that polling began.
    http(`${base}/socket.io/?EIO=4&transport=polling&sid=${sid}`, { method: 'POST', body: ENGINE_CLOSE }),
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
