import { type Finding, PUBLIC_PREFIX, ROMM_LIST_PATH, STARTING_CODE } from '@romm-netplay/protocol';
import { makeReachable, RULES, type Setting, withSiteUrl } from '../advice.js';
import { fault, ok, quote, skipped, warning } from '../findings.js';
import { type Answer, type HttpAnswer, isDead } from '../http.js';
import type { Observed, RommFacts } from '../observe.js';
import { absenceOf, codeOf, isHtml, isSession, isSilent } from '../strangeness.js';
import { isLoopback, isSecure } from '../urls.js';
import { allowOrigin } from './sockets.js';

/** Whether players of RomM get here from its own page, which knows no URL but RomM's (N1 to N3). */
export function checkRomm(observed: Observed): Finding[] {
  const { romm, rommHere } = observed;
  if (romm === undefined) return [];
  return [
    ...checkRelease(romm),
    ...(rommHere ? checkHttps(romm, observed) : []),
    ...checkNetplayOn(romm),
    ...checkList(observed, romm),
    ...checkPath(observed, romm),
  ];
}

/** An SFU that does not run, or is starting, is so at every path of its own, and has been said to be. */
function isSaid({ sfu }: Observed, answer: HttpAnswer): boolean {
  const absence = absenceOf(sfu);
  if (absence === undefined || isSilent(absence)) return false;
  return absence.how === 'dead'
    ? isDead(answer)
    : absence.how === 'starting' && codeOf(answer) === STARTING_CODE;
}

/** Browsers give crypto, and what EmulatorJS needs for netplay, to pages over TLS and of this machine only. */
function checkHttps({ site }: RommFacts, setting: Setting): Finding[] {
  if (isSecure(site) || isLoopback(site)) return [];
  return [
    fault(
      'romm-https',
      `RomM is on http at ${site}: browsers keep from its pages what netplay needs, and tokens and cookies can be read on the way.`,
      `${withSiteUrl(
        'Put RomM behind a proxy with TLS (infra/README.md, "Certificates", also for a name inside your house), and write https:// in AUTH_ISSUER and PUBLIC_URL.',
        setting,
      )} Without TLS it works on the machine itself only, as http://localhost.`,
    ),
  ];
}

/** The first whose player page has netplay, and the first whose page fits the EmulatorJS that it loads today. */
const WITH_NETPLAY = [4, 5] as const;
const FITTING = [5, 1] as const;

function checkRelease({ site, heartbeat }: RommFacts): Finding[] {
  const check = 'romm';
  const system = jsonOf(heartbeat)?.['SYSTEM'] as { VERSION?: unknown } | undefined;
  const version = typeof system?.VERSION === 'string' ? system.VERSION : undefined;
  if (isDead(heartbeat) && heartbeat.kind === 'answer') {
    return [
      fault(
        check,
        `RomM does not run: ${site}/api/heartbeat answers ${heartbeat.status}.`,
        'Start RomM and look into its log (docker ps -a, docker logs romm); if it runs, mend the address that the proxy has for it.',
      ),
    ];
  }
  if (version === undefined) {
    return [
      skipped(check, `Which RomM is at ${site} cannot be seen: /api/heartbeat answers nothing of RomM’s.`),
    ];
  }
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(version) ?? [];
  const isBefore = (release: readonly [number, number]) =>
    major !== undefined &&
    (Number(major) < release[0] || (Number(major) === release[0] && Number(minor) < release[1]));
  if (isBefore(WITH_NETPLAY)) {
    return [
      fault(
        check,
        `RomM ${quote(version)} has no netplay in its player page.`,
        'Update RomM to 5.1 or later.',
      ),
    ];
  }
  if (isBefore(FITTING)) {
    return [
      warning(
        check,
        `The player page of RomM ${quote(version)} does not fit the EmulatorJS that it loads today: its netplay menu finds no rooms.`,
        'Update RomM to 5.1 or later.',
      ),
    ];
  }
  return [ok(check, `RomM ${quote(version)} is at ${site}.`)];
}

function checkNetplayOn({ config }: RommFacts): Finding[] {
  const enabled = jsonOf(config)?.['EJS_NETPLAY_ENABLED'];
  if (enabled === true) return [ok('romm-netplay', 'Netplay is on in RomM’s configuration.')];
  if (enabled !== false) return [];
  return [
    fault(
      'romm-netplay',
      'Netplay is off in RomM: its player page has no netplay menu.',
      'Set emulatorjs: netplay: enabled: true in RomM’s config.yml, and restart RomM.',
    ),
  ];
}

/** Who answers the list of rooms, for which RomM's page asks at a path of RomM's. */
function checkList(observed: Observed, { site, list }: RommFacts): Finding[] {
  const check = 'romm-list';
  const url = `${site}${ROMM_LIST_PATH}`;
  if (list.kind === 'none') return [skipped(check, `${url} does not answer.`)];
  if (isSaid(observed, list)) return [];
  const code = codeOf(list);
  if (code === 'not_signed_in') return [ok(check, `${url} leads to the SFU, which asks for RomM’s session.`)];
  if (code === 'token_missing') {
    return [
      fault(
        check,
        `${url} leads to the SFU, but that takes tokens only: players of RomM have none.`,
        'Set SFU_IDENTITY=tokens,romm on the SFU, and ROMM_SFU_INTERNAL_SECRET on both.',
      ),
    ];
  }
  if (isDead(list)) {
    return [
      fault(
        check,
        `${url} answers ${list.status}: the proxy does not reach the SFU.`,
        makeReachable(['sfu'], observed),
      ),
    ];
  }
  if (list.status >= 400 && typeof list.json?.['detail'] === 'string' && code === undefined) {
    return [
      fault(
        check,
        `RomM itself answers ${url}: players are shown its own rooms, which nobody of ours is in.`,
        `Lead exactly ${ROMM_LIST_PATH} to the SFU. ${RULES}.`,
      ),
    ];
  }
  const what = isHtml(list) ? 'an HTML page' : `${list.status}`;
  return [fault(check, `${url} answers ${what}, and not as the SFU does.`, `Lead it to the SFU. ${RULES}.`)];
}

/** Who answers Socket.IO where RomM's page opens it, and whether a client stays with one node. */
function checkPath(observed: Observed, { site, polling, sentLater, socketOfPage }: RommFacts): Finding[] {
  const check = 'romm-socket';
  const url = `${site}${PUBLIC_PREFIX}/socket.io/`;
  if (polling.kind === 'none') return [skipped(check, `${url} does not answer.`)];
  if (isSaid(observed, polling)) return [];
  if (isDead(polling)) {
    return [
      fault(
        check,
        `${url} answers ${polling.status}: the proxy does not reach the SFU.`,
        makeReachable(['sfu'], observed),
      ),
    ];
  }
  if (polling.headers.get('x-netplay-node') === null) {
    return [
      fault(
        check,
        isSession(polling)
          ? `RomM itself answers ${url}: its own netplay takes the players.`
          : `${url} answers ${isHtml(polling) ? 'an HTML page' : polling.status}, and not as the SFU does.`,
        `Lead ${PUBLIC_PREFIX}/ to the SFU. ${RULES}.`,
      ),
    ];
  }
  if (socketOfPage.kind === 'refused' && socketOfPage.text.includes('origin_refused')) {
    return [
      fault(
        check,
        `The SFU refuses sockets from RomM’s own pages at ${site}.`,
        allowOrigin(site, `${site}${PUBLIC_PREFIX}`, observed),
      ),
    ];
  }
  return [ok(check, `${url} leads to the SFU.`), ...checkPins(url, sentLater)];
}

function checkPins(url: string, sentLater: readonly Answer[]): Finding[] {
  const check = 'pins';
  const answered = sentLater.filter((each) => each.kind === 'answer');
  if (answered.length === 0) return [];
  if (answered.some(({ status, text }) => status === 400 && text.includes('Session ID unknown'))) {
    return [
      fault(
        check,
        `Requests of one client to ${url} reach several nodes: long polling fails, and so does every connection that begins with it.`,
        'Keep each player with one node: infra/nginx/romm-netplay-nodes.conf, lb_policy in the Caddyfile, the sticky cookie of compose.traefik.yaml.',
      ),
    ];
  }
  return [ok(check, 'A client’s requests reach the same node each time.')];
}

const jsonOf = (answer: Answer) => (answer.kind === 'answer' ? answer.json : undefined);
