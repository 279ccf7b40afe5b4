import type { Finding } from '@romm-netplay/protocol';
import { COMPOSE, logsOf, NAMES, type ServiceName, type Setting } from '../advice.js';
import { fault, ok, quote, skipped, warning } from '../findings.js';
import type { Answer } from '../http.js';

const SAME_SECRET = `Give auth and every node the same ROMM_SFU_INTERNAL_SECRET, and start them again. With the compose files it is infra/secrets/netplay-internal-secret: ${COMPOSE} up -d --force-recreate (or the compose file that you use).`;
const WHERE_ROMM_IS = `Set ROMM_BASE_URL of auth to the address of RomM itself. In Docker see docker network ls and docker ps: set ROMM_NETWORK to the network that RomM is in and ROMM_BASE_URL to http://<its container>:8080 in infra/.env, then ${COMPOSE} up -d.`;
const WHERE_AUTH_IS =
  'Set ROMM_API_BASE_URL of the node to where it reaches auth itself (with the compose files http://netplay-auth:3100), and see that auth runs.';

/** What to do, by the code with which a component says why it is down. */
const BY_CODE: Readonly<Record<string, string>> = {
  internal_secret_wrong: SAME_SECRET,
  internal_secret_unset: SAME_SECRET,
  romm_off: 'Put romm into IDENTITY_PROVIDERS of auth, and set its ROMM_BASE_URL.',
  romm_unreachable: WHERE_ROMM_IS,
  romm_not_there: WHERE_ROMM_IS,
  romm_down: 'Start RomM, and look into its log; auth needs nothing.',
  auth_unreachable: WHERE_AUTH_IS,
  auth_not_there: WHERE_AUTH_IS,
};
/** The same where it does not say why. */
const BY_COMPONENT: Readonly<Record<string, string>> = {
  state:
    'Check REDIS_URL and that Redis runs and is reachable from there; on a node without Redis, ROMM_API_BASE_URL and ROMM_SFU_INTERNAL_SECRET.',
  database: 'Check DATABASE_URL and that PostgreSQL runs; without one, that DATA_DIR can be written.',
  keys: 'The node cannot fetch the keys of auth: check ROMM_API_BASE_URL (or AUTH_ISSUER) from the node.',
};
/** It passes by itself. */
const PASSING = ['starting', 'no_answer_yet'];

export interface ReadinessSetting extends Setting {
  /** Codes of what has been said already. */
  readonly said?: readonly string[];
}

/** What a service says of its components. It need not be shown to the public, so silence is no fault. */
export function checkReadiness(service: ServiceName, ready: Answer, setting: ReadinessSetting): Finding[] {
  const components = ready.kind === 'answer' ? ready.json?.['components'] : undefined;
  if (ready.kind === 'none' || typeof components !== 'object' || components === null) {
    return [
      skipped(
        `${service}-ready`,
        `/readyz of ${service} is not reachable from here.`,
        'That is fine where the proxy hides it; then ask on the machine itself.',
      ),
    ];
  }
  return judgeReadiness(service, { components, warnings: ready.json?.['warnings'] }, setting);
}

/** The same of what a service knows of itself. */
export function judgeReadiness(
  service: ServiceName,
  { components, warnings }: { readonly components: object; readonly warnings: unknown },
  { besideRomm, said = [] }: ReadinessSetting,
): Finding[] {
  const check = `${service}-ready`;
  const setting = { besideRomm };
  const down = Object.entries(components as Record<string, Component | null>).filter(
    ([, component]) => component?.state !== 'up',
  );
  const unsaid = down.filter(([, component]) => !said.includes(String(component?.code)));
  const findings = [
    ...unique(unsaid.map(([name, component]) => downComponent(service, name, component ?? {}, setting))),
    ...(Array.isArray(warnings) ? (warnings as unknown[]) : []).map((text) =>
      warning(check, `${service} warns: ${quote(text)}`, fixOfWarning(service, quote(text), setting)),
    ),
  ];
  if (findings.length > 0 || down.length > 0) return findings;
  return [ok(check, `Every component of ${service} is up.`)];
}

/** What keeps several components down is said once. */
const unique = (findings: readonly Finding[]): Finding[] =>
  findings.filter((each, i) => findings.findIndex(({ what }) => what === each.what) === i);

interface Component {
  readonly state?: unknown;
  readonly code?: unknown;
  readonly detail?: unknown;
}

function downComponent(
  service: ServiceName,
  name: string,
  { code, detail }: Component,
  setting: Setting,
): Finding {
  const check = `${service}-ready`;
  // Without a code, the detail says only that it does not answer.
  const isSaid = typeof code === 'string' && typeof detail === 'string';
  const what = `Component "${quote(name)}" of ${service} is down${isSaid ? `: ${quote(detail)}` : '.'}`;
  if (isSaid && PASSING.includes(code)) return warning(check, what, 'Run the doctor again in some seconds.');
  const known = isSaid ? BY_CODE[code] : undefined;
  return fault(
    check,
    known === undefined || !isSaid ? what : quote(detail),
    known ??
      BY_COMPONENT[name] ??
      `Look at the log of ${NAMES[service]}${logsOf([service], setting)}: it says why.`,
  );
}

const VARIABLE = /\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b/g;

/** Warnings name the variables that they are about. */
function fixOfWarning(service: ServiceName, text: string, setting: Setting): string {
  const names = [...new Set(text.match(VARIABLE))];
  if (/\bSet [A-Z]/.test(text)) return 'Do as it says, unless you mean it.';
  return names.length > 0
    ? `Change ${names.join(' or ')} of ${NAMES[service]}, unless you mean it.`
    : `The log of ${NAMES[service]} says more${logsOf([service], setting)}.`;
}
