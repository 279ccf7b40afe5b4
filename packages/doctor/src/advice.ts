import { PUBLIC_PREFIX, ROMM_LIST_PATH } from '@romm-netplay/protocol';
import type { Observed } from './observe.js';

export type ServiceName = 'auth' | 'sfu';
export const NAMES = { auth: 'auth', sfu: 'the SFU' } as const;

/** As far as advice depends on it. */
export type Setting = Pick<Observed, 'besideRomm'>;

export const COMPOSE = 'docker compose -f infra/compose.add-to-romm.yaml';
const COMPOSE_SERVICES = { auth: 'netplay-auth', sfu: 'netplay-sfu' } as const;
const PORTS = { auth: 3100, sfu: 3001 } as const;

/** The whole path at which a proxy meets what a service has at `path`. */
export const pathBelow = (base: string, path: string): string =>
  `${new URL(base).pathname.replace(/\/$/, '')}${path}`;

/** AUTH_ISSUER and PUBLIC_URL are in no file that who uses the compose files has written. */
export const withSiteUrl = (fix: string, { besideRomm }: Setting): string =>
  besideRomm ? `${fix.replace(/\.$/, '')} (with the compose files: SITE_URL in infra/.env).` : fix;

export const RULES =
  'Use the rules of infra/nginx/romm-netplay.conf, infra/caddy/Caddyfile or infra/compose.traefik.yaml, before the one that leads everything to RomM';

export interface Led {
  /** As a proxy meets them. */
  readonly paths: readonly string[];
  /** Whether nothing leads to the service. */
  readonly isEveryPath: boolean;
}

/** What a proxy is told of: paths, or, beside RomM, all that is to be led to us there. */
export const pathsIn = ({ paths, isEveryPath }: Led, { besideRomm }: Setting): string =>
  besideRomm && isEveryPath ? `${PUBLIC_PREFIX}/ and ${ROMM_LIST_PATH}` : paths.join(', ');

/** How a proxy leads paths to a service. */
export function leadTo(service: ServiceName, led: Led, setting: Setting): string {
  const { besideRomm } = setting;
  if (besideRomm && led.isEveryPath)
    return `Make the proxy lead what is ${NAMES[service]}’s below ${PUBLIC_PREFIX}/ there. ${RULES}.`;
  const lead = `Make the proxy lead ${pathsIn(led, setting)} to ${NAMES[service]}`;
  return besideRomm ? `${lead}. ${RULES}.` : `${lead}, before the rule that leads everything to RomM.`;
}

/** Where to read why services do not run, or keep everybody waiting. */
export const logsOf = (services: readonly ServiceName[], { besideRomm }: Setting): string =>
  besideRomm
    ? ` (${COMPOSE} logs ${services.map((each) => COMPOSE_SERVICES[each]).join(' ')}; or the compose file that you use)`
    : '';

/** What to do where a proxy reaches nobody. */
export function makeReachable(services: readonly ServiceName[], { besideRomm }: Setting): string {
  const isOne = services.length === 1;
  const list = (textOf: (service: ServiceName) => string) => services.map(textOf).join(' and ');
  const local = list((each) => `127.0.0.1:${PORTS[each]}`);
  const names = list((each) => NAMES[each]);
  const [run, it, log] = isOne ? ['runs', 'it', 'its log'] : ['run', 'they', 'their logs'];
  if (!besideRomm) {
    return `Look whether ${names} ${run}, and into ${log}: a fault in the configuration ends a service at its start with code 78. If ${it} ${run}, mend the address and port that the proxy has; on the same machine ${local}.`;
  }
  const containers = services.map((each) => COMPOSE_SERVICES[each]);
  return [
    `Look whether ${names} ${run}, and into ${log}: ${COMPOSE} ps -a, then logs ${containers.join(' ')} (or the compose file that you use).`,
    'A fault in infra/.env, such as a slash at the end of SITE_URL, ends a service at its start with code 78.',
    `If ${it} ${run}, mend the address that the proxy has (nginx: the set lines of romm-netplay.conf): ${list((each) => `${COMPOSE_SERVICES[each]}:${PORTS[each]}`)} ${isOne ? 'is' : 'are'} known to containers in the same network only; on the same machine ${isOne ? 'it is' : 'they are'} ${local}.`,
  ].join(' ');
}
