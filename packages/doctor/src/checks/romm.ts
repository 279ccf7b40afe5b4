import { PUBLIC_PREFIX, ROMM_LIST_PATH } from '@romm-netplay/protocol';
import type { Finding } from '@romm-netplay/protocol';
import { fault, ok, quote, skipped, warning } from '../findings.js';
import { type Answer, isDead } from '../http.js';
import type { Observed, RommFacts } from '../observe.js';
import { codeOf, isHtml } from './answers.js';

const RULES =
  'Use the rules of infra/nginx, infra/caddy or infra/compose.traefik.yaml, before the one that leads everything to RomM.';

/** Whether players of RomM get here from its own page, which knows no URL but RomM's (N1 to N3). */
export function checkRomm({ romm }: Observed): Finding[] {
  if (romm === undefined) {
    return [skipped('romm', 'No RomM answers on this host, and the SFU takes no session of RomM’s.')];
  }
  return [...checkRelease(romm), ...checkNetplayOn(romm), ...checkList(romm), ...checkPath(romm)];
}

/** The first whose player page has netplay, and the first whose page fits the EmulatorJS that it loads today. */
const WITH_NETPLAY = [4, 5] as const;
const FITTING = [5, 1] as const;

function checkRelease({ site, heartbeat }: RommFacts): Finding[] {
  const check = 'romm';
  const system = jsonOf(heartbeat)?.['SYSTEM'] as { VERSION?: unknown } | undefined;
  const version = typeof system?.VERSION === 'string' ? system.VERSION : undefined;
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
function checkList({ site, list }: RommFacts): Finding[] {
  const check = 'romm-list';
  const url = `${site}${ROMM_LIST_PATH}`;
  if (list.kind === 'none') return [skipped(check, `${url} does not answer.`)];
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
        'Check that the SFU runs, and the address and port the proxy has for it.',
      ),
    ];
  }
  if (list.status >= 400 && typeof list.json?.['detail'] === 'string' && code === undefined) {
    return [
      fault(
        check,
        `RomM itself answers ${url}: players are shown its own rooms, which nobody of ours is in.`,
        `Lead exactly ${ROMM_LIST_PATH} to the SFU. ${RULES}`,
      ),
    ];
  }
  const what = isHtml(list) ? 'an HTML page' : `${list.status}`;
  return [fault(check, `${url} answers ${what}, and not as the SFU does.`, `Lead it to the SFU. ${RULES}`)];
}

/** Who answers Socket.IO where RomM's page opens it, and whether a client stays with one node. */
function checkPath({ site, polling, sentLater }: RommFacts): Finding[] {
  const check = 'romm-socket';
  const url = `${site}${PUBLIC_PREFIX}/socket.io/`;
  if (polling.kind === 'none') return [skipped(check, `${url} does not answer.`)];
  if (isDead(polling)) {
    return [
      fault(
        check,
        `${url} answers ${polling.status}: the proxy does not reach the SFU.`,
        'Check that the SFU runs, and the address and port the proxy has for it.',
      ),
    ];
  }
  if (polling.headers.get('x-netplay-node') === null) {
    const isSocketIo = /^\d?\{"sid"/.test(polling.text);
    return [
      fault(
        check,
        isSocketIo
          ? `RomM itself answers ${url}: its own netplay takes the players.`
          : `${url} answers ${isHtml(polling) ? 'an HTML page' : polling.status}, and not as the SFU does.`,
        `Lead ${PUBLIC_PREFIX}/ to the SFU. ${RULES}`,
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
