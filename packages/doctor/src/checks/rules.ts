import { type Finding, PUBLIC_PREFIX } from '@romm-netplay/protocol';
import { COMPOSE } from '../advice.js';
import { fault } from '../findings.js';
import type { Answer } from '../http.js';
import type { SocketOutcome } from '../node-socket.js';
import type { Observed } from '../observe.js';
import { codeOf, isHtml, isSession, strangenessOf } from '../strangeness.js';

const INCLUDE = [
  'nginx: write include /etc/nginx/romm-netplay.conf; into the server block of RomM’s host, the one that players reach (with TLS, where there are two), then nginx -t && nginx -s reload.',
  'Caddy: put what is between the marks of infra/caddy/Caddyfile into the site of RomM, before what leads to RomM, then caddy reload.',
  `Traefik: start with -f infra/compose.traefik.yaml and SITE_HOST in infra/.env; it knows no rule of a container that does not run (${COMPOSE} ps -a).`,
  'docs/OPERATIONS.md, "Beside your RomM", has it step by step.',
].join('\n');

/**
 * The commonest fault of all: RomM runs, and no rule leads anything to us. Every other check would fail for that and
 * say less. Where there is any sign of a rule, the others know better what is wrong.
 */
export function checkRules(observed: Observed): Finding[] {
  const { rommHere, romm, auth, sfu } = observed;
  if (!rommHere || romm === undefined || new URL(sfu.base).origin !== romm.site) return [];
  const below = [...Object.values(auth.answers), ...Object.values(sfu.answers)];
  const sockets = [sfu.socket, romm.socketOfPage];
  const isLed = below.some(showsRule) || [romm.list, romm.polling].some(isOurs) || sockets.some(isOurSocket);
  if (isLed) return [];
  const isRomms = [...below, romm.polling].some(
    (answer) => answer.kind === 'answer' && (isHtml(answer) || isSession(answer)),
  );
  return [
    fault(
      'rules',
      `RomM is at ${romm.site}, but ${romm.site}${PUBLIC_PREFIX}/ ${isRomms ? 'leads to RomM' : 'leads to no netplay'}: the rules are not in the proxy, or it was not reloaded.`,
      INCLUDE,
    ),
  ];
}

/** Whether a rule led here, though it may be to nobody; RomM and bare proxies answer a page or that there is nothing. */
function showsRule(answer: Answer): boolean {
  if (answer.kind === 'none' || codeOf(answer) !== undefined) return true;
  const how = strangenessOf(answer)?.how;
  return how !== 'page' && how !== 'other';
}

const isOurs = (answer: Answer): boolean =>
  answer.kind === 'none' ||
  codeOf(answer) !== undefined ||
  strangenessOf(answer)?.how === 'dead' ||
  answer.headers.has('x-netplay-node');

const isOurSocket = (socket: SocketOutcome): boolean =>
  socket.kind === 'opened'
    ? socket.subprotocol !== undefined
    : socket.kind === 'refused' && /"code":"[a-z_]/.test(socket.text);
