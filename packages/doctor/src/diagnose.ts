import type { Finding } from '@romm-netplay/protocol';
import { checkGivenUrl, checkIssuer, checkMixedContent, checkNodeUrl } from './checks/addresses.js';
import { checkAnswers } from './checks/answers.js';
import { checkArrival, checkCors } from './checks/arrival.js';
import { checkCaching } from './checks/caching.js';
import { checkClocks } from './checks/clocks.js';
import { checkExposure } from './checks/exposure.js';
import { checkKeys } from './checks/keys.js';
import { checkReadiness } from './checks/readiness.js';
import { checkRomm } from './checks/romm.js';
import { checkRules } from './checks/rules.js';
import { checkSocket, checkSocketIo, checkSocketOfPage } from './checks/sockets.js';
import { checkToken } from './checks/token.js';
import { createHttp, isDead } from './http.js';
import { openNodeSocket, type OpenSocket } from './node-socket.js';
import { observe, type Observed, type Targets } from './observe.js';
import { absenceOf } from './strangeness.js';
import { tidy } from './urls.js';

export interface DiagnoseOptions extends Targets {
  readonly fetch?: typeof fetch;
  readonly openSocket?: OpenSocket;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  /** For one request. */
  readonly timeoutMs?: number;
  /** For everything. */
  readonly totalMs?: number;
  /** Told what is being asked. */
  readonly onProgress?: (what: string) => void;
}

const DEFAULT_TIMEOUT_MS = 5_000;
const DEFAULT_TOTAL_MS = 20_000;

/**
 * Looks at a deployment from outside, as a player's browser would, and says what is wrong and what to change
 * (X1). Asks the given URLs only: no redirect is followed and no URL that a server answers. Never throws for
 * what servers do, and shows neither the token nor what servers sent beyond names and URLs.
 */
export async function diagnose(options: DiagnoseOptions): Promise<Finding[]> {
  const { fetch: fetchFn = fetch, openSocket = openNodeSocket, now = Date.now } = options;
  const { timeoutMs = DEFAULT_TIMEOUT_MS, totalMs = DEFAULT_TOTAL_MS } = options;
  const { onProgress = () => undefined, readToken, origin } = options;
  const targets = { authUrl: tidy(options.authUrl), sfuUrl: tidy(options.sfuUrl), readToken, origin };
  const given = [
    ...checkGivenUrl('auth-url', targets.authUrl),
    ...(targets.sfuUrl === targets.authUrl ? [] : checkGivenUrl('sfu-url', targets.sfuUrl)),
  ];
  if (given.some(({ status }) => status === 'fault')) return given;

  const signal = AbortSignal.timeout(totalMs);
  const http = createHttp({ fetch: fetchFn, timeoutMs, signal, now });
  const observed = await observe({ http, openSocket, timeoutMs, signal, onProgress }, targets);
  return [...given, ...judge(observed)].map((finding) => withoutSecret(finding, readToken));
}

function judge(observed: Observed): Finding[] {
  const { auth, sfu } = observed;
  const rules = checkRules(observed);
  if (rules.length > 0) return rules;
  const [authThere, sfuThere] = [auth, sfu].map((facts) => absenceOf(facts) === undefined);
  return [
    ...checkAnswers(observed),
    ...(authThere === true ? judgeAuth(observed) : []),
    ...(sfuThere === true ? judgeSfu(observed) : []),
    ...(authThere === true && sfuThere === true
      ? [...checkClocks(observed), ...checkMixedContent(observed)]
      : []),
    ...checkRomm(observed),
  ];
}

function judgeAuth(observed: Observed): Finding[] {
  const { auth, heartbeat, besideRomm } = observed;
  // Who does not reach RomM because it does not run is not at fault.
  const said = isDead(heartbeat) ? ['romm_unreachable', 'romm_down'] : [];
  return [
    ...checkKeys(auth, observed),
    ...checkArrival('auth', auth, observed),
    ...checkCaching('auth', auth),
    ...checkCors('auth', observed, auth),
    ...checkReadiness('auth', auth.ready, { besideRomm, said }),
    ...checkExposure(auth),
    ...checkIssuer(observed),
  ];
}

function judgeSfu(observed: Observed): Finding[] {
  const { sfu } = observed;
  return [
    ...checkArrival('sfu', sfu, observed),
    ...checkCaching('sfu', sfu),
    ...checkCors('sfu', observed, sfu),
    ...checkReadiness('sfu', sfu.ready, observed),
    ...checkNodeUrl(observed),
    ...checkSocket(observed),
    ...checkSocketOfPage(observed),
    ...checkSocketIo(observed),
    ...checkToken(observed),
  ];
}

/** A server may have sent the token back in what is quoted. */
function withoutSecret(finding: Finding, secret: string | undefined): Finding {
  if (secret === undefined || secret === '') return finding;
  const hide = (text: string) => text.replaceAll(secret, '[secret]');
  return {
    ...finding,
    what: hide(finding.what),
    ...(finding.fix !== undefined && { fix: hide(finding.fix) }),
  };
}
