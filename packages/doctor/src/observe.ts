import { PUBLIC_PREFIX } from '@romm-netplay/protocol';
import { type Answer, type Http, isDead } from './http.js';
import type { OpenSocket, SocketOutcome } from './node-socket.js';
import { observeAuth } from './observe/auth.js';
import { askHeartbeat, isRomm, observeRomm, rootOf } from './observe/romm.js';
import { observeSfu } from './observe/sfu.js';

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
  /** The origin of a page that is to use both; RomM's own where RomM is on the host. */
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
  /** Socket.IO over a WebSocket, as RomM's page opens it. */
  readonly socketOfPage: SocketOutcome;
}

export interface Observed {
  readonly targets: Targets;
  /** What RomM would say of itself at the root of auth's host, and whether it does. */
  readonly heartbeat: Answer;
  readonly rommHere: boolean;
  /** Whether the services are where the files of infra/ put them: below RomM's host. */
  readonly besideRomm: boolean;
  readonly auth: AuthFacts;
  readonly sfu: SfuFacts;
  /** Undefined: neither is RomM there, nor is anything set up for it. */
  readonly romm: RommFacts | undefined;
}

/** Asks both services everything there is to ask, at the same time. Never throws. */
export async function observe(deps: ObserveDeps, given: Targets): Promise<Observed> {
  const [site, sfuSite] = [new URL(given.authUrl).origin, new URL(given.sfuUrl).origin];
  const heartbeat = await askHeartbeat(deps, site);
  const rommHere = isRomm(heartbeat);
  const atSfu = sfuSite === site ? heartbeat : await askHeartbeat(deps, sfuSite);
  const targets = { ...given, origin: given.origin ?? (rommHere ? site : undefined) };
  const [auth, sfu] = await Promise.all([
    observeAuth(deps, targets, rootOf(heartbeat)),
    observeSfu(deps, targets, rootOf(atSfu)),
  ]);
  const besideRomm = rommHere || [auth, sfu].some(({ base }) => base.endsWith(PUBLIC_PREFIX));
  const isSetUpForRomm = takesRommSessions(sfu) || (besideRomm && isDead(heartbeat));
  const romm = rommHere || isSetUpForRomm ? await observeRomm(deps, site, heartbeat) : undefined;
  return { targets, heartbeat, rommHere, besideRomm, auth, sfu, romm };
}

function takesRommSessions({ echo }: SfuFacts): boolean {
  const identity = echo.kind === 'answer' ? echo.json?.['identity'] : undefined;
  return Array.isArray(identity) && identity.includes('romm');
}
