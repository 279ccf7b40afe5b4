import { type Finding, PUBLIC_PREFIX, STARTING_CODE } from '@romm-netplay/protocol';
import { SOCKET_PATH, SUBPROTOCOL } from '@romm-netplay/protocol/wire';
import { leadTo, logsOf, makeReachable, pathBelow, type Setting, withSiteUrl } from '../advice.js';
import { fault, ok, quoteLocation, skipped, warning } from '../findings.js';
import { isDead } from '../http.js';
import type { SocketOutcome } from '../node-socket.js';
import type { Observed } from '../observe.js';
import { codeOf, isHtml, isSession } from '../strangeness.js';

const UPGRADE_LINES =
  'nginx: `proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";`; Apache: mod_proxy_wstunnel; Caddy and Traefik do it by themselves.';

/** What a proxy answers for a service that it does not reach. */
const DEAD = [502, 503, 504];

type Refused = Extract<SocketOutcome, { kind: 'refused' }>;

/** Whether players' sockets open, keep their subprotocol and carry frames. */
export function checkSocket({ sfu: { base, socket }, besideRomm }: Observed): Finding[] {
  const url = `${base}${SOCKET_PATH}`;
  const check = 'socket';
  if (socket.kind === 'none') {
    return [
      fault(
        check,
        `${url} does not answer a WebSocket upgrade (${socket.code}).`,
        `Let the proxy pass upgrades. ${UPGRADE_LINES}`,
      ),
    ];
  }
  if (socket.kind === 'refused') return [refusedSocket(base, socket, { besideRomm })];
  if (socket.subprotocol !== SUBPROTOCOL) {
    return [
      fault(
        check,
        `${url} upgrades without the subprotocol ${SUBPROTOCOL}; browsers close such a socket at once.`,
        'Let the proxy pass the header Sec-WebSocket-Protocol on, in the request and in the answer.',
      ),
    ];
  }
  if (!socket.ponged) {
    return [
      fault(
        check,
        `${url} upgrades, but no frame comes back: something between does not carry WebSocket traffic.`,
        `Turn buffering and inspection off for this path. ${UPGRADE_LINES}`,
      ),
    ];
  }
  return [ok(check, `Sockets open at ${url}.`)];
}

function refusedSocket(base: string, refused: Refused, setting: Setting): Finding {
  const url = `${base}${SOCKET_PATH}`;
  const path = pathBelow(base, SOCKET_PATH);
  const lead = `${leadTo('sfu', { paths: [path], isEveryPath: false }, setting)} ${UPGRADE_LINES}`;
  const { status, requestId, location } = refused;
  const check = 'socket';
  const code = problemCode(refused);
  if (status >= 300 && status < 400) {
    return fault(
      check,
      `${url} redirects to ${quoteLocation(location, url)}; a WebSocket cannot follow.`,
      `Let the proxy pass ${path} without redirect or sign-in: sockets bring their own token.`,
    );
  }
  if (code === STARTING_CODE) {
    return fault(
      check,
      `${url} answers that the SFU is starting.`,
      `Wait a minute and run the doctor again; its log says what it waits for${logsOf(['sfu'], setting)}.`,
    );
  }
  if (code === 'subprotocol_missing') {
    return fault(
      check,
      `The header Sec-WebSocket-Protocol does not reach the SFU at ${url}.`,
      'Let the proxy pass the header Sec-WebSocket-Protocol on.',
    );
  }
  if (code === 'not_found' && requestId === undefined) {
    return fault(
      check,
      `The SFU is reached, but under another path than ${path}.`,
      `Make the proxy keep the path ${path} as it is (nginx: a slash at the end of proxy_pass changes it).`,
    );
  }
  // An answer of the HTTP half: the request came without its Upgrade header.
  if (status === 426 || code === 'not_found' || (status === 400 && code === undefined)) {
    return fault(
      check,
      `The Upgrade header is lost on the way to ${url} (answered ${status}): the SFU sees an ordinary request.`,
      `Let the proxy pass it on. ${UPGRADE_LINES}`,
    );
  }
  if (DEAD.includes(status) && code === undefined) {
    return fault(
      check,
      `${url} answers ${status}: the proxy does not reach the SFU.`,
      makeReachable(['sfu'], setting),
    );
  }
  if (code === undefined && looksLikePage(refused)) {
    return fault(
      check,
      `${url} answers an HTML page (${status}): the proxy sends this path elsewhere, probably to RomM.`,
      lead,
    );
  }
  if (status === 429 || status === 503) {
    return warning(
      check,
      `${url} takes no more sockets just now (${status}).`,
      'Set TRUSTED_PROXIES, or all players share the limit of the proxy; else see SFU_MAX_SOCKETS_PER_ADDRESS.',
    );
  }
  return fault(check, `${url} refuses the WebSocket with ${status}.`, lead);
}

const looksLikePage = ({ contentType, text }: Refused): boolean =>
  contentType.includes('html') || /^\s*</.test(text);

function problemCode({ text }: Refused): string | undefined {
  return /"code":"([a-z_]{1,64})"/.exec(text)?.[1];
}

/** Whether a page may open a socket: one of RomM, or of the origin that the operator named. */
export function checkSocketOfPage(observed: Observed): Finding[] {
  const {
    targets: { origin },
    sfu: { base, socket, socketOfPage },
  } = observed;
  if (origin === undefined || socketOfPage === undefined) return [];
  const check = 'socket-origin';
  if (socketOfPage.kind === 'opened') return [ok(check, `Pages of ${origin} may open sockets at ${base}.`)];
  if (socketOfPage.kind === 'refused' && problemCode(socketOfPage) === 'origin_refused') {
    return [
      fault(check, `The SFU refuses sockets from pages of ${origin}.`, allowOrigin(origin, base, observed)),
    ];
  }
  // That none opens at all is another finding.
  if (socket.kind !== 'opened') return [];
  return [
    fault(
      check,
      `Sockets open, but not from pages of ${origin}.`,
      'Look for a rule of the proxy on the Origin header, and take it out: the SFU judges origins.',
    ),
  ];
}

/** A page of the SFU's own host needs no entry in a list; it is the host that the SFU does not know for its own. */
export const allowOrigin = (origin: string, base: string, setting: Setting): string =>
  new URL(base).origin === origin
    ? withSiteUrl(
        `Set PUBLIC_URL of the SFU to ${base}, and let the proxy pass on Host and X-Forwarded-Proto as infra/nginx/romm-netplay.conf does.`,
        setting,
      )
    : `Add ${origin} to ALLOWED_ORIGINS of the SFU.`;

/** Socket.IO, which older clients use, where the node speaks it. */
export function checkSocketIo({ sfu: { base, polling, pollingUpgrade, socket }, romm }: Observed): Finding[] {
  const check = 'socket-io';
  const url = `${base}/socket.io/`;
  const path = pathBelow(base, '/socket.io/');
  if (polling.kind === 'none') return [skipped(check, `${url} does not answer.`)];
  if (codeOf(polling) === 'not_found') return [];
  if (!isSession(polling)) {
    // RomM's own page needs it, and more is said of it there.
    if (romm !== undefined && base === `${romm.site}${PUBLIC_PREFIX}`) return [];
    const page = isHtml(polling) && !isDead(polling) ? 'an HTML page' : `${polling.status}`;
    return [
      warning(
        check,
        `${url} answers ${page}; clients that speak Socket.IO cannot connect.`,
        `If you have such clients, make the proxy lead ${path} to the SFU, with upgrade headers.`,
      ),
    ];
  }
  if (!(polling.headers.get('cache-control') ?? 'no-store').includes('no-store')) {
    return [
      fault(
        check,
        `The proxy lets answers of ${url} be cached; clients would talk to a stored session.`,
        `Take \`expires\` and Cache-Control lines for ${path} out of the proxy.`,
      ),
    ];
  }
  if (pollingUpgrade?.kind !== 'opened') {
    return [
      warning(
        check,
        `${url} answers polling, but no WebSocket: games would be slow.`,
        socket.kind === 'opened'
          ? `Let the proxy pass upgrades on ${path} too. ${UPGRADE_LINES}`
          : `Let the proxy pass upgrades on ${path} too, as for the socket.`,
      ),
    ];
  }
  return [ok(check, `Socket.IO clients can connect at ${url}.`)];
}
