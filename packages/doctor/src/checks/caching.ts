import type { Finding } from '@romm-netplay/protocol';
import { fault, ok, warning } from '../findings.js';
import type { Answer } from '../http.js';
import type { ServiceFacts } from '../observe.js';
import type { ServiceName } from '../advice.js';

const HIT = /\bhit\b/i;
const CACHE_HEADERS = ['x-cache', 'x-cache-status', 'x-proxy-cache', 'cf-cache-status'];

/** Every answer has an id of its own: twice the same is one answer, kept. */
export function isCached({ echo, bareEcho }: Pick<ServiceFacts, 'echo' | 'bareEcho'>): boolean {
  const [one, other] = [requestIdOf(echo), requestIdOf(bareEcho)];
  return (one !== undefined && one === other) || [echo, bareEcho].some(saysCached);
}

const requestIdOf = (answer: Answer): string | undefined =>
  answer.kind === 'answer' ? (answer.headers.get('x-request-id') ?? undefined) : undefined;

function saysCached(answer: Answer): boolean {
  if (answer.kind === 'none') return false;
  const { headers } = answer;
  if (CACHE_HEADERS.some((name) => HIT.test(headers.get(name) ?? ''))) return true;
  return Number(headers.get('age') ?? 0) > 0;
}

/** Whether something keeps answers that are for one player and one moment. */
export function checkCaching(service: ServiceName, facts: ServiceFacts): Finding[] {
  const check = `${service}-caching`;
  if (requestIdOf(facts.echo) === undefined) return [];
  if (isCached(facts) || Object.entries(facts.answers).some(([path, answer]) => isKept(path, answer))) {
    return [
      fault(
        check,
        `Answers of ${facts.base} are cached on the way: one player would get what another was told.`,
        'Turn caching off for these paths (nginx: `proxy_cache off;`; a CDN: bypass), or make it obey Cache-Control.',
      ),
    ];
  }
  if (!controlOf(facts.echo).includes('no-store')) {
    return [
      warning(
        check,
        `The Cache-Control header of ${facts.base} is changed on the way: browsers may keep what they must not.`,
        'Take `expires` and Cache-Control lines for these paths out of the proxy.',
      ),
    ];
  }
  return [ok(check, `Nothing on the way keeps the answers of ${facts.base}.`)];
}

/** What is published may be kept; everything else may not. */
const isKept = (path: string, answer: Answer): boolean =>
  !path.startsWith('/.well-known/') && saysCached(answer);

const controlOf = (answer: Answer): string =>
  answer.kind === 'answer' ? (answer.headers.get('cache-control') ?? '') : '';
