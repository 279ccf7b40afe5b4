import { AUTH_API } from '@romm-netplay/protocol/auth-api';
import { SFU_API } from '@romm-netplay/protocol/sfu-api';
import type { Finding } from '@romm-netplay/protocol';
import { fault, ok, skipped } from '../findings.js';
import type { Answer } from '../http.js';
import type { Observed, ServiceFacts } from '../observe.js';
import { isCached } from './caching.js';
import { leadTo, NAMES, pathBelow, type ServiceName, type Setting } from '../advice.js';

const ECHO = { auth: AUTH_API.doctorEcho.path, sfu: SFU_API.doctorEcho.path } as const;
const COOKIES = { auth: 'romm_session and the refresh cookie', sfu: 'romm_sfu_token' } as const;

/** Whether cookies and Authorization headers get through the proxy. */
export function checkArrival(service: ServiceName, facts: ServiceFacts, setting: Setting): Finding[] {
  const { echo } = facts;
  const arrived = echo.kind === 'answer' ? echo.json : undefined;
  if (typeof arrived?.['cookie'] !== 'boolean' || isCached(facts)) {
    return [
      skipped(
        `${service}-cookies`,
        `Whether cookies and Authorization headers reach ${service} cannot be seen: the echo does not answer.`,
        leadTo(service, { paths: [pathBelow(facts.base, ECHO[service])], isEveryPath: false }, setting),
      ),
    ];
  }
  const findings: Finding[] = [];
  if (!arrived['cookie']) {
    findings.push(
      fault(
        `${service}-cookies`,
        `A cookie sent to ${facts.base} does not arrive; neither will ${COOKIES[service]}.`,
        'Make the proxy pass the Cookie header on (nginx: no `proxy_set_header Cookie ""`; a CDN: forward cookies on these paths).',
      ),
    );
  }
  if (arrived['authorization'] !== true) {
    findings.push(
      fault(
        `${service}-authorization`,
        `An Authorization header sent to ${facts.base} does not arrive; no token will.`,
        'Make the proxy pass the Authorization header on; Apache needs `CGIPassAuth On`, sign-in modules may take it for themselves.',
      ),
    );
  }
  if (findings.length > 0) return findings;
  return [ok(`${service}-cookies`, `Cookies and Authorization headers arrive at ${facts.base}.`)];
}

const ASKED = 'access-control-allow-origin';

/** Whether pages of the origin the operator named may use a service. */
export function checkCors(
  service: ServiceName,
  { targets: { origin } }: Observed,
  facts: ServiceFacts,
): Finding[] {
  if (origin === undefined || facts.preflight === undefined) return [];
  const check = `${service}-cors`;
  if (new URL(facts.base).origin === origin)
    return [ok(check, `${origin} is the origin of ${NAMES[service]} itself.`)];
  const { preflight } = facts;
  const allowed = headerOf(preflight, ASKED);
  if (allowed === origin && headerOf(preflight, 'access-control-allow-credentials') === 'true') {
    return [ok(check, `Pages of ${origin} may use ${NAMES[service]}.`)];
  }
  if (allowed !== undefined && allowed !== origin) {
    return [
      fault(
        check,
        `${facts.base} answers a page of ${origin} with another ${ASKED} (or with two); browsers refuse that.`,
        `Take the CORS headers out of the proxy: ${NAMES[service]} sends its own.`,
      ),
    ];
  }
  return [
    fault(
      check,
      `Pages of ${origin} may not use ${NAMES[service]}.`,
      `Add ${origin} to ALLOWED_ORIGINS of ${NAMES[service]}, and let the proxy pass OPTIONS requests on.`,
    ),
  ];
}

const headerOf = (answer: Answer, name: string): string | undefined =>
  answer.kind === 'answer' ? (answer.headers.get(name) ?? undefined) : undefined;
