import type { Finding } from '@romm-netplay/protocol';
import { fault, ok, quoteLocation, warning } from '../findings.js';
import { type Answer, type HttpAnswer, isDead, type NoAnswer } from '../http.js';
import type { ServiceFacts } from '../observe.js';

export type ServiceName = 'auth' | 'sfu';

const NAMES = { auth: 'auth', sfu: 'the SFU' } as const;
const HTML = /^\s*<(?:!doctype|html)/i;
const SLOW_MS = 2_000;

export const isHtml = ({ headers, text }: HttpAnswer): boolean =>
  headers.get('content-type')?.includes('html') === true || HTML.test(text);

/** The code of a refusal, when a service here refused. */
export function codeOf({ json }: HttpAnswer): string | undefined {
  const code = json?.['code'];
  return typeof code === 'string' && /^[a-z_]{1,64}$/.test(code) ? code : undefined;
}

/** What a service here answers; not what a proxy or another server does. */
const isOurs = (answer: HttpAnswer): boolean => {
  const code = codeOf(answer);
  if (code !== undefined) return code !== 'not_found';
  return answer.status === 200 && answer.json !== undefined;
};

/** Whether every path of a service is answered, and by the service. */
export function checkAnswers(service: ServiceName, { base, answers }: ServiceFacts): Finding[] {
  const all = Object.entries(answers);
  const silent = all.map(([, answer]) => answer).find((answer) => answer.kind === 'none');
  if (silent?.kind === 'none') return [checkReachable(service, base, silent)];
  const findings = all.flatMap(([path, answer]) => strangeAnswer(service, base, path, answer) ?? []);
  const slowest = Math.max(...all.map(([, answer]) => (answer.kind === 'answer' ? answer.tookMs : 0)));
  if (slowest > SLOW_MS) {
    findings.push(
      warning(
        `${service}-slow`,
        `${base} took ${(slowest / 1000).toFixed(1)} s to answer.`,
        `Look at the load of ${NAMES[service]}, its database and Redis, and at what lies between; players wait as long.`,
      ),
    );
  }
  if (findings.length > 0) return findings;
  return [ok(`${service}-answers`, `${base} answers as ${NAMES[service]} does.`)];
}

const UNREACHABLE: Record<NoAnswer['reason'], readonly [what: string, fix: string]> = {
  dns: ['The name of the host is not known', 'Check the spelling of the URL, or add the name to your DNS.'],
  refused: [
    'Nothing listens there',
    'Start the service, check the port, and check that the firewall lets it through.',
  ],
  tls: [
    'The TLS certificate is not accepted',
    'Renew the certificate, serve its whole chain, and use the name it was made for; with a CA of your own set NODE_EXTRA_CA_CERTS here.',
  ],
  timeout: [
    'No answer came in time',
    'Check that the service runs and that the proxy leads to it; a firewall that drops packets looks like this too.',
  ],
  cut: [
    'The connection was cut without an answer',
    'Check that this port speaks HTTP, and https if the URL says so; and the error log of the proxy.',
  ],
};

function checkReachable(service: ServiceName, base: string, { reason, code }: NoAnswer): Finding {
  const [what, fix] = UNREACHABLE[reason];
  return fault(`${service}-reachable`, `${base}: ${what} (${code}).`, fix);
}

/** What is wrong with the answer of a path, if it is not the service's. */
function strangeAnswer(
  service: ServiceName,
  base: string,
  path: string,
  answer: Answer,
): Finding | undefined {
  if (answer.kind === 'none' || isOurs(answer)) return undefined;
  const url = `${base}${path}`;
  const { status, headers } = answer;
  const name = NAMES[service];
  const check = `${service}-answers`;
  if (status >= 300 && status < 400) {
    return redirected(service, url, quoteLocation(headers.get('location'), url));
  }
  if (isDead(answer)) {
    return fault(
      check,
      `${url} answers ${status}: the proxy does not reach ${name}.`,
      `Check that ${name} runs, and the address and port the proxy has for it.`,
    );
  }
  if ((status === 401 || status === 403) && codeOf(answer) === undefined) {
    return fault(
      check,
      `${url} answers ${status} before ${name} is asked: something in front wants a sign-in of its own.`,
      `Let the proxy pass ${path} without sign-in (basic auth, Authelia, forward auth); ${name} judges by token.`,
    );
  }
  if (isHtml(answer)) {
    return fault(
      check,
      `${url} answers an HTML page (${status}) where JSON should be: the proxy sends this path elsewhere, probably to RomM.`,
      `Make the proxy lead ${path} to ${name}, before the rule that leads everything to RomM.`,
    );
  }
  return fault(
    check,
    `${url} answers ${status}, and not as ${name} does: another server answers, or the path arrives changed.`,
    `Make the proxy lead ${path} to ${name} with the path as it is; with SFU and auth on different URLs, check which is which.`,
  );
}

function redirected(service: ServiceName, url: string, to: string): Finding {
  const check = `${service}-answers`;
  if (url.startsWith('http:') && to === url.replace(/^http:/, 'https:')) {
    return fault(
      check,
      `${url} redirects to https.`,
      'Use the https URL everywhere; players send their tokens there.',
    );
  }
  return fault(
    check,
    `${url} redirects to ${to}; programs cannot follow that to a sign-in page.`,
    `Let the proxy answer this path itself, without redirect or sign-in: requests to it bring their own token.`,
  );
}
